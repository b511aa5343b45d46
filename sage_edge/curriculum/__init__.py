"""Phases, training tracks and interventions as data, and what the next lesson is.

fleet/curriculum/kinds.yaml                      kinds of sessions, and what each draws from (read by inventory)
fleet/curriculum/phases/grounding.yaml           sessions 1 to 5 of a kind: goals, prompts, closing
fleet/curriculum/tracks/a.yaml                   sessions 1 to 10 of a kind: exercises with typed expectations
fleet/curriculum/interventions/observe.yaml      what a mind is told before its first word, with typed parameters
"""

from sage_edge.curriculum.catalogue import Curriculum, load, read
from sage_edge.curriculum.declarations import Exercise, InterventionCard, Phase, TrainingTrack
from sage_edge.curriculum.errors import ParametersRefused, UndeclaredIntervention
from sage_edge.curriculum.lessons import lesson
from sage_edge.curriculum.parameter_check import check_parameters

__all__ = [
    "Curriculum",
    "Exercise",
    "InterventionCard",
    "ParametersRefused",
    "Phase",
    "TrainingTrack",
    "UndeclaredIntervention",
    "check_parameters",
    "lesson",
    "load",
    "read",
]
