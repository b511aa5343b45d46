"""Trainer of the seedling, the toy model that ships in `sage_edge/models/seedling`: `python -m tools.seedling`.

language/   what the seedling can hear and say   recipe.py    every number that decides the weights
train.py    the training loop (torch)            rebuild.py   the whole way from dialogues to file and card
"""
