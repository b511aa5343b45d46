"""Making a model from its card: fetch, merge, convert, quantise, prove, lock."""
