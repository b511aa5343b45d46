"""From what was said to the prompt: a model's own chat template, followed, and never trusted with the contents."""
