"""The agent in the container: it wakes at slots and in between, and carries out the steps of its role."""
