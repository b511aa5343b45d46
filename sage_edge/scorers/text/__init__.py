"""Text as scorers see it: normalised, in sentences and tokens, its numerals and names."""
