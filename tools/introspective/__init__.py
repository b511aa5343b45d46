"""The introspective adapter of SmolLM2-135M: `python -m tools.introspective` trains it anew.

language/     what is asked and answered, as data     recipe.py     every number that decides the weights
dialogues.py  scenes and system messages, composed    rebuild.py    from dialogues to the adapter and its data sheet
adapter/      what ships: the adapter, and `data-sheet.yaml` about it
"""
