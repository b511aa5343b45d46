"""Connections to other machines: OpenSSH's files read strictly, and a board asked and told through its helper."""
