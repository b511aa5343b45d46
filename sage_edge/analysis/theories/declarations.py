"""fleet/theories.yaml: theories as data, each with the claims and trials that test it.

    format: 1
    theories:
      NAME:
        statement, source
        today: open | supported | not-supported | replaced    how it stood when it was entered here
        why: …                                                what that rests on
        replaced_by: NAME                                     the theory that has taken its place, if one has
        predicts:
          - {claim: NAME, how: …}                             a claim of fleet/claims.yaml
          - {trial: NAME, arm: NAME, how: …}                  an arm of a trial of fleet/trials, against its control
            expects: supported | not-supported                what the theory says will come of it; supported

Evidence of the hosts' own sessions outweighs `today`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from sage_edge.analysis.claims import declarations as claims
from sage_edge.analysis.claims.declarations import Claims
from sage_edge.analysis.claims.schema import Text
from sage_edge.declared import Declared, Reader
from sage_edge.names import Slug
from sage_edge.records.theory import TheoryPrediction
from sage_edge.trials import TrialCard, catalogue

FILE = "theories.yaml"


class PredictionCard(Declared):
    """What a theory says of a claim, or of an arm of a trial."""

    claim: Slug | None = None
    trial: Slug | None = None
    arm: Slug | None = None
    expects: Literal["supported", "not-supported"] = "supported"
    how: Text

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.claim is None) == (self.trial is None):
            raise ValueError("expected a claim, or a trial with an arm")
        if (self.arm is None) != (self.trial is None):
            raise ValueError("a trial is named with an arm, a claim without")
        return self

    def record(self) -> TheoryPrediction:
        """Return it as a paper holds it."""
        name = self.claim or self.trial
        by = "claim" if self.claim else "trial"
        content = {"by": by, "name": name, "arm": self.arm, "expects": self.expects, "how": self.how}
        return TheoryPrediction.model_validate(content)


class TheoryCard(Declared):
    """One theory."""

    statement: Text
    source: Text
    today: Literal["open", "supported", "not-supported", "replaced"]
    why: Text
    replaced_by: Slug | None = None
    predicts: Annotated[tuple[PredictionCard, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.replaced_by is not None) != (self.today == "replaced"):
            raise ValueError("replaced_by names the theory that has taken the place of one that is replaced")
        return self


class Theories(Declared):
    """The whole file."""

    format: Literal[1]
    theories: Annotated[dict[Slug, TheoryCard], Field(min_length=1, max_length=200)]


def load(fleet: Path) -> Mapping[Slug, TheoryCard]:
    """Return name → theory of a fleet folder; nothing where it declares none. Raises DeclarationError."""
    reader = Reader(fleet)
    declared = claims.read(reader) if (fleet / claims.FILE).exists() else None
    theories = read(reader, declared, catalogue.read(reader))
    reader.finish()
    return theories


def read(reader: Reader, declared: Claims | None, trials: Mapping[str, TrialCard]) -> Mapping[Slug, TheoryCard]:
    """Return name → theory, after noting in the reader what is wrong with any of them.

    declared, trials: what the same folder declares, read before.
    """
    path = reader.folder / FILE
    theories = reader.read(path, Theories) if path.exists() else None
    if theories is None:
        return {}
    for key, message in faults(theories, frozenset(declared.claims if declared else ()), trials):
        reader.fault(path, key, message)
    return theories.theories


def faults(theories: Theories, known: frozenset[Slug], trials: Mapping[str, TrialCard]) -> Iterator[tuple[str, str]]:
    """Yield what does not hold together, as key path and message. known: the names of the declared claims."""
    for name, theory in theories.theories.items():
        if theory.replaced_by is not None and theory.replaced_by not in theories.theories:
            yield f"theories.{name}.replaced_by", f"no theory '{theory.replaced_by}'"
        if theory.replaced_by == name:
            yield f"theories.{name}.replaced_by", "it cannot have taken its own place"
        for at, prediction in enumerate(theory.predicts):
            key = f"theories.{name}.predicts[{at}]"
            if prediction.claim is not None and prediction.claim not in known:
                yield f"{key}.claim", f"fleet/claims.yaml has no claim '{prediction.claim}'"
            if prediction.trial is not None:
                yield from _trial(key, prediction, trials)


def _trial(key: str, prediction: PredictionCard, trials: Mapping[str, TrialCard]) -> Iterator[tuple[str, str]]:
    card = trials.get(str(prediction.trial))
    if card is None:
        yield f"{key}.trial", f"fleet/trials has no trial '{prediction.trial}'"
    elif prediction.arm not in [arm.name for arm in card.arms[1:]]:
        yield f"{key}.arm", f"trial '{card.name}' holds no arm '{prediction.arm}' against its control"
