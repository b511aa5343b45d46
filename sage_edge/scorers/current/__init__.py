"""The scorers that this project measures by."""
