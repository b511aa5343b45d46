"""The seedling, a toy model that ships with the code: seedling.gguf (weights, Q8_0) and card.yaml (what they are).

Its trainer is `tools/seedling`, in the source tree only.
"""
