"""A board behind an SSH connection: its probe, its identity, and the helper's verbs."""
