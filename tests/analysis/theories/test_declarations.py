"""fleet/theories.yaml: what ships holds together, and each fault is named at its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.analysis.claims import declarations as claims
from sage_edge.analysis.theories import declarations
from sage_edge.analysis.theories.declarations import Theories
from sage_edge.errors import DeclarationError
from sage_edge.names import Slug
from sage_edge.trials import catalogue
from tests.analysis.theories.made import card

FLEET = Path(__file__).parents[3] / "fleet"
SEEDS = (
    "bistable-identity",
    "bistable-confabulation",
    "d5-d9-coupling",
    "cross-track-coupling",
    "d9-boundary",
    "single-pass",
    "awareness-expression-gap",
    "confabulation-trajectory",
)


def faults(**theories: Any) -> list[str]:
    content = {name: card().model_dump(exclude_none=True) | changed for name, changed in theories.items()}
    read = Theories.model_validate({"format": 1, "theories": content})
    known = frozenset({Slug("anchoring-helps")})
    return [f"{key}: {text}" for key, text in declarations.faults(read, known, catalogue.load(FLEET))]


def test_each_theory_of_the_seeds_is_declared_with_a_claim_that_tests_it() -> None:
    theories = declarations.load(FLEET)
    assert set(SEEDS) <= set(theories)
    known = claims.load(FLEET).claims
    for name in SEEDS:
        assert [prediction.claim for prediction in theories[Slug(name)].predicts if prediction.claim in known], name


def test_a_fleet_without_theories_has_none(tmp_path: Path) -> None:
    assert declarations.load(tmp_path) == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"predicts": [{"claim": "none", "how": "x"}]}, "predicts[0].claim: fleet/claims.yaml has no claim 'none'"),
        (
            {"predicts": [{"trial": "none", "arm": "a", "how": "x"}]},
            "predicts[0].trial: fleet/trials has no trial 'none'",
        ),
        (
            {"predicts": [{"trial": "name-anchoring", "arm": "nameless", "how": "x"}]},
            "predicts[0].arm: trial 'name-anchoring' holds no arm 'nameless' against its control",
        ),
        ({"today": "replaced", "replaced_by": "none"}, "replaced_by: no theory 'none'"),
        ({"today": "replaced", "replaced_by": "one"}, "replaced_by: it cannot have taken its own place"),
    ],
)
def test_what_does_not_hold_together_is_named(changed: dict[str, Any], told: str) -> None:
    assert faults(one=changed) == [f"theories.one.{told}"]
    assert faults(one={}) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"predicts": []},
        {"predicts": [{"how": "x"}]},
        {"predicts": [{"claim": "a", "trial": "b", "arm": "c", "how": "x"}]},
        {"predicts": [{"trial": "b", "how": "x"}]},
        {"predicts": [{"claim": "a", "arm": "c", "how": "x"}]},
        {"replaced_by": "other"},
        {"today": "replaced"},
        {"today": "proven"},
    ],
)
def test_what_is_no_theory_is_refused(changed: dict[str, Any], tmp_path: Path) -> None:
    whole = card().model_dump(exclude_none=True, mode="json") | changed
    (tmp_path / "theories.yaml").write_text(yaml.safe_dump({"format": 1, "theories": {"one": whole}}))
    with pytest.raises(DeclarationError, match="theories"):
        declarations.load(tmp_path)
