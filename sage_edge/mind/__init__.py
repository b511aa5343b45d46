"""The system message of a mind, from its earlier transcripts: pure functions over records."""

from sage_edge.mind.anchor import clean, system_message
from sage_edge.mind.memory import exemplars, last_closing, summaries

__all__ = ["system_message", "clean", "last_closing", "exemplars", "summaries"]
