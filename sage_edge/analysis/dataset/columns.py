"""The tables of an export, column by column: what the data sheet says of them, and what the files hold.

    DIR/README.md               the data sheet, for people
    DIR/dataset.json            the data sheet, format 1, for programs
    DIR/sessions.parquet        one row a paper
    DIR/turns.parquet           one row a question
    DIR/measures.parquet        one row a mark: what one scorer's quantity is for one answer, or for the session
    DIR/decisions.parquet       one row a recommendation, with its answer and what became of it
    DIR/trials.parquet          one row an arm of a trial, with what was seen of it

Columns are only added: a table that loses one, or changes what one means, has another format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "texts", "integer", "number", "truth", "time"]
"""text: UTF-8, verbatim. texts: a list of it. time: microseconds since 1970, UTC. Everything may be missing."""


@dataclass(frozen=True)
class Column:
    """One column: its type, its unit (empty for none), and what it means."""

    name: str
    type: ColumnType
    means: str
    unit: str = ""


def _column(name: str, kind: ColumnType, means: str, unit: str = "") -> Column:
    return Column(name, kind, means, unit)


SESSIONS = (
    _column("session", "text", "the paper's seal: its SHA-256, by which the other tables name it"),
    _column("provenance", "text", "recorded: by this system; legacy: imported from an older one"),
    _column("host", "text", "who conducted it; `unknown` where the paper does not say"),
    _column("mind", "text", "which mind of its host it is"),
    _column("name", "text", "the name under which the mind answers"),
    _column("track", "text", "the kind of session"),
    _column("number", "integer", "its place among the sessions of its host, mind and track"),
    _column("label", "text", "what it is called, like P021"),
    _column("standing", "text", "session, or dry-run, experiment, superseded"),
    _column("counts", "truth", "whether it is in the numbers: a session whose number no other paper claims"),
    _column("unit", "text", "the phase or the skill that was taught"),
    _column("intervention", "text", "the declared intervention in force, name/version"),
    _column("recommendation", "text", "the digest of the recommendation that asked for the intervention"),
    _column("trial", "text", "the digest of the trial that it is part of"),
    _column("arm", "text", "the arm of that trial"),
    _column("block", "integer", "the block of that trial, from 0"),
    _column("place", "integer", "its place in the block, from 0"),
    _column("counted", "truth", "whether it is past the arm's wash-out"),
    _column("model", "text", "the digest of the weights, or what an older paper says"),
    _column("started", "time", "when it began"),
    _column("ended", "time", "when it ended"),
    _column("due", "time", "the due moment that it serves"),
    _column("late", "truth", "whether that moment was missed at first"),
    _column("remarks", "texts", "what a careful reader must know, one word each"),
    _column("system", "text", "the system message, and below it what was said again before some questions"),
    _column("questions", "integer", "how many turns it has", "turns"),
    _column("answers", "integer", "how many of them were answered", "turns"),
)

TURNS = (
    _column("session", "text", "the paper's seal"),
    _column("turn", "integer", "its place in the paper, from 1"),
    _column("kind", "text", "prompt, closing, warm-up, exercise, scene or cool-down"),
    _column("exercise", "text", "which exercise it is"),
    _column("expects", "text", "what the exercise expects, as JSON; of an older one its phrases, as a JSON list"),
    _column("prompt", "text", "what the teacher said"),
    _column("reply", "text", "what came back; a word of the mind only where the outcome is ok"),
    _column("verbatim", "text", "what an older system stored as the answer, where that is not the reply"),
    _column("outcome", "text", "ok, failed or interrupted"),
    _column("finish_reason", "text", "why the answer ended: stop, length, deadline, cancelled or turn-marker"),
    _column("words", "integer", "length of the reply, split at white space", "words"),
)

MEASURES = (
    _column("session", "text", "the paper's seal"),
    _column("scorer", "text", "which scorer measured"),
    _column("version", "integer", "the scorer's version; numbers of two versions are never put together"),
    _column("quantity", "text", "which of its quantities"),
    _column("kind", "text", "rate: 0 or 1 an answer; mean: 0 to 1 an answer; whole: one number a session, turn 0"),
    _column("definition", "text", "the digest of what the scorer looks for"),
    _column("turn", "integer", "the answer that it is about, from 1; 0 for the session"),
    _column("value", "number", "the mark", "0 to 1"),
)

DECISIONS = (
    _column("recommendation", "text", "the recommendation's digest"),
    _column("author", "text", "the researcher"),
    _column("host", "text", "to whom it was recommended"),
    _column("track", "text", "for which kind of session"),
    _column("first", "text", "the first session of its window"),
    _column("last", "text", "the last one"),
    _column("intervention", "text", "name/version"),
    _column("parameters", "text", "of the intervention, as JSON"),
    _column("rule", "text", "the rule that recommended"),
    _column("scorer", "text", "what the prediction is about, id/version"),
    _column("quantity", "text", "and which quantity of it"),
    _column("of", "text", "level: the number itself; change: against the sessions before"),
    _column("comparison", "text", "at-least or at-most"),
    _column("predicted", "number", "the number that was said before", "-1 to 1"),
    _column("created", "time", "when it was written"),
    _column("valid_until", "time", "when it lapses"),
    _column("verdict", "text", "accepted or declined; missing while nobody answered"),
    _column("decided_by", "text", "policy or person"),
    _column("reason", "text", "why, in the addressee's words"),
    _column("decided", "time", "when it was answered"),
    _column("outcome", "text", "what became of the prediction: confirmed, refuted, cannot tell, late, void, open"),
    _column("seen", "number", "what the check measured", "0 to 1"),
    _column("seen_low", "number", "the lower end of its 95 % interval", "0 to 1"),
    _column("seen_high", "number", "the upper end", "0 to 1"),
    _column("seen_n", "integer", "from how many answers", "answers"),
)

TRIALS = (
    _column("trial", "text", "the trial's digest"),
    _column("name", "text", "as fleet/trials declares it"),
    _column("author", "text", "the researcher"),
    _column("host", "text", "to whom it was offered"),
    _column("mind", "text", "of which mind it is"),
    _column("track", "text", "of which kind its sessions are"),
    _column("question", "text", "what it asks"),
    _column("arm", "text", "one of its arms"),
    _column("is_control", "truth", "whether the others are held against it"),
    _column("intervention", "text", "what the arm runs under, name/version"),
    _column("parameters", "text", "of the intervention, as JSON"),
    _column("inserts", "truth", "whether the arm puts words into prompts that the outcome counts"),
    _column("outcome", "text", "what is measured: scorer/version quantity"),
    _column("direction", "text", "in which way the arm is to differ: higher or lower"),
    _column("smallest", "number", "the smallest effect that matters", "0 to 1"),
    _column("wash_out", "integer", "sessions of an arm that pass before one is counted", "sessions"),
    _column("sessions", "integer", "the most that it may take", "sessions"),
    _column("seed", "integer", "what the allocation is drawn from"),
    _column("allocation", "text", "the digest of the allocation, published before the first session"),
    _column("created", "time", "when it was offered"),
    _column("verdict", "text", "accepted or declined; missing while nobody answered"),
    _column("decided_by", "text", "policy or person"),
    _column("first", "text", "its first session"),
    _column("state", "text", "of the newest look: running, told, harm or exhausted; missing before the first block"),
    _column("blocks", "integer", "whole blocks by then", "blocks"),
    _column("difference", "number", "of the arm from the control, above 0 in that direction", "-1 to 1"),
    _column("low", "number", "the lower end of the interval that holds at every look", "-1 to 1"),
    _column("high", "number", "the upper end", "-1 to 1"),
    _column("n", "integer", "from how many blocks", "blocks"),
    _column("effect", "text", "supported, not-supported or cannot-tell"),
)

TABLES: Mapping[str, tuple[Column, ...]] = {
    "sessions": SESSIONS,
    "turns": TURNS,
    "measures": MEASURES,
    "decisions": DECISIONS,
    "trials": TRIALS,
}
"""Name of a table → its columns, in order."""
