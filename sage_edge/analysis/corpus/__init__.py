"""A corpus of sessions: read from a folder or an exchange, checked, measured once, and remembered."""

from sage_edge.analysis.corpus.branches import Branches
from sage_edge.analysis.corpus.folder import Folder
from sage_edge.analysis.corpus.headers import UNKNOWN, MeasuredAnswer
from sage_edge.analysis.corpus.problems import Problem
from sage_edge.analysis.corpus.sources import Refused
from sage_edge.analysis.corpus.store import Corpus
from sage_edge.analysis.corpus.transcript_reader import BACKWARDS, dialogues, read

__all__ = [
    "BACKWARDS",
    "UNKNOWN",
    "Branches",
    "Corpus",
    "Folder",
    "MeasuredAnswer",
    "Problem",
    "Refused",
    "dialogues",
    "read",
]
