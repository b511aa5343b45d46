"""Kept numbers for tests: four arms of sessions with answers as asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sage_edge import files
from sage_edge.names import Digest, ModelRef, SessionId, Slug
from sage_edge.sampling import Sampling
from tools.findings.data import Made, Place, StudyArm, StudyData, StudySession
from tools.findings.design import Arm, Design
from tools.findings.series import outcomes

DESIGN = Design((ModelRef("a/plain:q4_1"), ModelRef("a/trained:q8_0")), sessions=12)
ANSWERS = 7

Marks = Mapping[str, Sequence[Sequence[float]]]
"""Outcome → session → mark of each answer."""


def digest(text: str) -> Digest:
    """Return some digest."""
    return files.digest(text.encode())


def study(marks: Mapping[str, Marks], reply: str = "I do not know.", design: Design = DESIGN) -> StudyData:
    """Return a study; an arm or an outcome that is not named has answers worth 0. reply: what everybody says."""
    return StudyData(
        made=Made(
            host="sprout",
            mind="Sage",
            curriculum=digest("curriculum"),
            engine="llamacpp 0",
            settings={"threads": 1},
            sampling=Sampling(temperature=0.2, top_p=0.9, top_k=0, min_p=0, repeat_penalty=1.1, max_tokens=96),
            machine="a machine",
            libraries={"numpy": "0"},
        ),
        outcomes=outcomes(),
        arms=tuple(_arm(arm, marks.get(arm.name, {}), design.sessions) for arm in design.arms),
        places=(
            Place(
                session=SessionId("P001"),
                turn=1,
                question="Who speaks?",
                answers={Slug(arm.name): reply for arm in design.arms},
            ),
        ),
    )


def _arm(arm: Arm, marks: Marks, sessions: int) -> StudyArm:
    return StudyArm(
        name=Slug(arm.name),
        model=arm.model,
        weights=digest(arm.model),
        intervention=arm.intervention,
        version=1,
        system="You are a young mind.",
        sessions=tuple(_session(arm, number, marks) for number in range(1, sessions + 1)),
    )


def _session(arm: Arm, number: int, marks: Marks) -> StudySession:
    nothing = (0.0,) * ANSWERS
    return StudySession(
        session=SessionId.of("P", number),
        unit="phase grounding",
        answers=ANSWERS,
        cut=0,
        words=(5,) * ANSWERS,
        marks={by.name: tuple(marks[by.name][number - 1]) if by.name in marks else nothing for by in outcomes()},
        turns=digest(f"{arm.name} {number}"),
    )
