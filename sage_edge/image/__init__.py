"""Building images: their declarations, base digests, build contexts, packages and the Docker engine."""
