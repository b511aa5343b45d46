"""The lesson of a session under an intervention: system message, questions, and what is said again between them.

Pure: the same declarations and transcripts give the same lesson on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.curriculum import Curriculum, InterventionCard, lesson
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.mind import anchor, memory
from sage_edge.names import SessionId
from sage_edge.records.transcript import Intervention, Lesson, Transcript


def lesson_under(
    chosen: Intervention,
    curriculum: Curriculum,
    kind: SessionKind,
    session: SessionId,
    recent: Sequence[Transcript],
    seed: int,
) -> Lesson:
    """Return the lesson of a session. recent: the sessions whose words may be told. Raises UndeclaredIntervention."""
    card = curriculum.intervention(chosen.name, chosen.version)
    system = _system(card, chosen, session, recent)
    return lesson(curriculum, kind, session, system, seed, reminders=_reminders(card, chosen))


def _system(card: InterventionCard, chosen: Intervention, session: SessionId, recent: Sequence[Transcript]) -> str:
    """The intervention's text with this mind's own name, last memory and earlier sentences."""
    wanted, endings = (int(str(chosen.parameters.get(count, 0))) for count in ("exemplars", "summaries"))
    name = chosen.parameters.get("name")
    return anchor.system_message(
        card.system,
        chosen.parameters,
        memory.last_closing(recent),
        memory.exemplars(recent, str(name), wanted) if name and wanted else (),
        summaries=memory.summaries(recent, endings),
        further=[line.text for line in card.lines if line.is_told(session.number)],
        memory_line=card.memory_line,
        summary_line=card.summary_line,
        exemplar_line=card.exemplar_line,
    )


def _reminders(card: InterventionCard, chosen: Intervention) -> dict[int, str]:
    again = card.reminder
    return dict.fromkeys(again.before, anchor.filled(again.text, chosen.parameters)) if again else {}
