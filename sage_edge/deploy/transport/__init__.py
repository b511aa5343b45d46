"""How an image reaches a board: a registry behind the SSH connection, and layers kept across cuts."""
