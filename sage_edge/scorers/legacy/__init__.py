"""The scorers of the predecessor, to the digit, so that its published numbers can be replayed."""
