"""sage-edge: two edge boards raise and study a small language model.

Importing the package loads no supplier (no torch, no llama.cpp, no fabric); see README.md for the house.
"""

__version__ = "0.1.0"
