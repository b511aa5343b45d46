"""The check of parameter values that come from a host's file, from a rule, or from another host's recommendation."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from sage_edge.curriculum.declarations import InterventionCard
from sage_edge.curriculum.errors import ParametersRefused


def check_parameters(card: InterventionCard, given: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return a value for each declared parameter, in name order: what was given, else the default.

    `given` may come from anywhere. Raises ParametersRefused, which names every unknown parameter and unfit value.
    """
    faults = {name: "is not declared" for name in given if name not in card.parameters}
    values: dict[str, JsonValue] = {}
    for name, parameter in sorted(card.parameters.items()):
        try:
            values[name] = parameter.accept(given.get(name, parameter.default))
        except ValueError as unfit:
            faults[name] = str(unfit)
    if faults:
        raise ParametersRefused(card.name, dict(list(faults.items())[:8]))
    return values
