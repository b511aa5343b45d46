"""Why an intervention cannot be applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sage_edge.curriculum.parameters import shown
from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import sage

_DECLINE = sage("recommendation decline", "ID", because="…")


class InterventionRefused(SageError):
    """An intervention that nobody declared, or not so."""

    code = ExitCode.REFUSED


class UndeclaredIntervention(InterventionRefused, LookupError):
    """No card of this name and version is in the curriculum."""

    def __init__(self, name: str, version: int, known: Sequence[str]) -> None:
        self.name, self.version = name, version
        super().__init__(
            f"no intervention {name} v{version} is declared; known: {', '.join(known)}",
            hint=("declare it in fleet/curriculum/interventions/, or: ", _DECLINE),
        )


class ParametersRefused(InterventionRefused, ValueError):
    """Values that do not fit the parameters which the intervention declares."""

    def __init__(self, intervention: str, faults: Mapping[str, str]) -> None:
        self.intervention, self.faults = intervention, dict(faults)
        reasons = "; ".join(f"{shown(name)}: {why}" for name, why in faults.items())
        super().__init__(f"{intervention} does not take these parameters: {reasons}", hint=_DECLINE)
