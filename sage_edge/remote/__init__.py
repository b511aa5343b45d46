"""Connections to other machines: OpenSSH's files read strictly, and a board asked and changed through its helper."""
