"""Downloading model files from a hub: resumable, by ranges, verified by digest."""
