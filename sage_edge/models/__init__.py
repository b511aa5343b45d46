"""From a name to verified weights, or a refusal that says what to do.

For now one model lies on the shelf, the seedling that ships with the package, and `resolve` is the only way to it.
"""
