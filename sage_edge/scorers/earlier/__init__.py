"""Earlier versions of our scorers, which made findings that stand published; no rule of theirs ever changes."""
