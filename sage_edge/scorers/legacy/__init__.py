"""The scorers of the predecessor, to the digit, so that its published numbers can be replayed.

They read what it read: each text that it stored as an answer, whole, thinking and failures included
(`Dialogue.replayed`). Our own scorers read the answer alone.
"""
