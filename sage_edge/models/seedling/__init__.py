"""The seedling: a toy model that ships, so that everything can be tried without a download or a GPU.

seedling.gguf   the weights, Q8_0          card.yaml   what they are and how they came to be
language/       what it can hear and say   rebuild.py  how to grow it anew
"""
