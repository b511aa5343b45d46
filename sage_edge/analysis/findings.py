"""What one transcript holds, measured by every scorer that applies to its track, with what weakens the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pydantic import JsonValue

from sage_edge import scorers
from sage_edge.names import Digest, HostName, SessionId
from sage_edge.records import dialogue
from sage_edge.records.study import Finding, Measure
from sage_edge.records.transcript import Head, Transcript
from sage_edge.scorers.text.normalize import phrase, plain

NAME_SUPPLIED = "the prompt supplies the name; compare with a session without it"


@dataclass(frozen=True)
class Filed:
    """A transcript that lies somewhere: which session it is; its content is read when somebody asks, and once.

    load: may raise ValueError, in one line, where there is no such transcript.
    """

    session: SessionId
    load: Callable[[], Transcript]

    @cached_property
    def transcript(self) -> Transcript:
        """The content. Raises ValueError."""
        content = self.load()
        if content.session != self.session:
            raise ValueError(f"it says that it is {content.session}")
        return content


@dataclass(frozen=True)
class Examined:
    """A transcript with its finding. Most questions are answered by the finding; then the transcript is not read."""

    paper: Transcript | Filed
    finding: Finding

    @property
    def transcript(self) -> Transcript:
        """The transcript. Raises ValueError where it lies somewhere and cannot be read."""
        return self.paper.transcript if isinstance(self.paper, Filed) else self.paper

    @property
    def session(self) -> SessionId:
        """Which session it is."""
        return self.finding.session

    @property
    def ran_under(self) -> tuple[str, int]:
        """The intervention that was in force, and its version."""
        return self.finding.intervention, self.finding.intervention_version

    @property
    def conditions(self) -> tuple[Digest, str]:
        """What must be alike for two sessions to differ by their intervention alone: the weights, the lesson's unit."""
        return self.transcript.head.model.digest, self.transcript.head.lesson.unit

    def measure(self, scorer: str, version: int, quantity: str = "rate") -> Measure | None:
        """Return one quantity by one scorer as the finding says it, or None if it does not."""
        wanted = (scorer, version, quantity)
        return next(
            (
                measure
                for measure in self.finding.measures
                if (measure.scorer, measure.version, measure.quantity) == wanted
            ),
            None,
        )


CONTEXT = max(scorer.context for scorer in scorers.OURS)
"""How many sessions before a session a finding about it looks at."""


def examine(author: HostName, transcript: Transcript, now: datetime, earlier: Sequence[Transcript] = ()) -> Finding:
    """Return the finding about a whole transcript. The caller has checked its chain and its ending.

    earlier: sessions of the same host and track before it, oldest first; only the last CONTEXT of them matter.
    """
    head, session = transcript.head, dialogue.of(transcript)
    before = [dialogue.of(paper) for paper in earlier[-CONTEXT:]]
    applying = [scorer for scorer in scorers.OURS if scorer.applies(session)]
    return Finding(
        author=author,
        subject=head.host,
        session=head.session,
        transcript=transcript.seal,
        intervention=head.intervention.name,
        intervention_version=head.intervention.version,
        measures=tuple(measure for scorer in applying for measure in scorers.measure(scorer, session, before)),
        caveats=tuple(_caveats(transcript)),
        created=now,
    )


def name_supplied(head: Head) -> bool:
    """True if the mind is told its name: by the system message, by a parameter, or by what the teacher says."""
    texts = [head.lesson.system, *(step.spoken for step in head.lesson.steps), *_texts(head.intervention.parameters)]
    name = phrase(head.mind.replace("|", " "))
    return any(name.search(plain(text)) for text in texts)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in _texts(inner))
    elif isinstance(value, list):
        yield from (text for inner in value for text in _texts(inner))


def _caveats(transcript: Transcript) -> Iterable[str]:
    if name_supplied(transcript.head):
        yield NAME_SUPPLIED
    answered, asked = len({turn.step for _, turn in transcript.answers()}), len(transcript.head.lesson.steps)
    if answered < asked:
        yield f"{asked - answered} of {asked} steps have no answer and are not counted"
