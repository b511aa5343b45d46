"""Theories as `fleet/theories.yaml` declares them, and what became of them on the hosts' branches."""
