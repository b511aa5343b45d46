"""Training: what a mind takes in beyond one session. torch's second door; `import sage_edge.training` loads none of it.

conversations.py   dialogues as tokens, with the mask of those that the mind itself has to write
folder_words.py    the tokenizer that they are written with, from a base's folder (transformers)
recipe.py          every number that decides which adapter comes out
lora.py            dialogues and a base to an adapter's folder and its losses (torch, peft)
adapter_folder.py  how that folder is written: whole, or not at all
"""
