"""SSH with pinned keys: the fleet's own ssh_config and known_hosts, and the only door to fabric."""
