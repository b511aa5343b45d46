"""The steps of a wake, in their order. A new step is one module with its STEP, imported and put in place here."""

from sage_edge.agent.steps import conduct, decide, decide_trials, publish, receive, resume, status, study
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep

__all__ = ["STEPS", "Wake", "WakeAction", "WakeStep"]

STEPS: tuple[WakeStep, ...] = tuple(
    module.STEP for module in (receive, resume, decide, decide_trials, conduct, study, status, publish)
)
