"""Transcripts → findings → one recommendation with a prediction → the check of that prediction."""

from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.recommend import Case, Rule, recommend
from sage_edge.analysis.study import Read, Study, study

__all__ = ["Case", "Examined", "Read", "Rule", "Study", "examine", "recommend", "study"]
