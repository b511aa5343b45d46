"""The system message of a session: declared texts with typed parameters, and the mind's own earlier words.

    system                                       the intervention's text, parameters filled in
    …                                            its further lines, as they are due
    At the end of the last session you said: …   one line, if there is a memory and it is wanted
    Session P019 ended with your words: …        one line for each earlier session that is wanted, the oldest first
    Earlier you said of yourself: …              one line for each exemplar that is wanted

Earlier words are the mind's own, yet untrusted: nothing in them may look like another line or another speaker.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

LONGEST = 200
"""Characters of one earlier saying; as much as the predecessor carried over (legacy §3.1)."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_CHATML = re.compile(r"<\s*\|(?:[^<>|\s]{0,40}\|\s*>)?|\|\s*>")
_WHOLE = re.compile(r"(.*[.!?][\"')]?) ")
_DROPPED = {"Cf", "Cs", "Co", "Cn"}  # invisible, half a surrogate, private, unassigned
_TURNED_TO_SPACE = {"Cc", "Zl", "Zp", "Zs"}


def system_message(
    system: str,
    parameters: Mapping[str, JsonValue],
    memory: str | None,
    exemplars: Sequence[str],
    *,
    summaries: Sequence[tuple[str, str]] = (),
    further: Sequence[str] = (),
    memory_line: str | None = None,
    summary_line: str | None = None,
    exemplar_line: str | None = None,
) -> str:
    """Return the system message. The same arguments give the same bytes.

    system, further, memory_line, summary_line, exemplar_line: the texts of an intervention card. parameters: checked
    values, one for each parameter of the card; `memory` (a switch) and `exemplars` (a count) say what is wanted of the
    earlier words. memory, exemplars: earlier words as they were said, best first. summaries: session and words of
    those that are wanted, the oldest first. All words are cleaned here.
    Raises KeyError if a text names a parameter that has no value.
    """
    lines = [filled(text, parameters) for text in (system, *further)]
    if memory_line is not None and memory and parameters.get("memory") is not False and (words := clean(memory)):
        lines.append(filled(memory_line, {**parameters, "memory": words}))
    if summary_line is not None:
        endings = [(session, words) for session, ending in summaries if (words := clean(ending))]
        lines += [filled(summary_line, {**parameters, "session": at, "summary": words}) for at, words in endings]
    if exemplar_line is not None:
        wanted = parameters.get("exemplars", len(exemplars))
        sayings = [words for exemplar in exemplars if (words := clean(exemplar))]
        kept = sayings[: wanted if isinstance(wanted, int) else 0]
        lines += [filled(exemplar_line, {**parameters, "exemplar": words}) for words in kept]
    return "\n".join(lines)


def clean(words: str, longest: int = LONGEST) -> str:
    """Return words of an earlier transcript as one harmless line of at most `longest` characters.

    Longer ones end with their last whole sentence, or between words where none fits: half a sentence that stands last
    in a system message is what a small model goes on with. Unicode NFKC; control characters and line ends become
    spaces, invisible characters and ChatML markers go. May return nothing at all.
    """
    text = "".join(map(_visible, unicodedata.normalize("NFKC", words[: 10 * longest])))
    while (without := _CHATML.sub(" ", text)) != text:  # taking one away may put another together
        text = without
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    if whole := _WHOLE.match(text[: longest + 1]):
        return whole[1]
    head = text[: longest + 1].rpartition(" ")[0]
    return head or text[:longest]


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    return "" if category in _DROPPED else " " if category in _TURNED_TO_SPACE else character


def filled(text: str, values: Mapping[str, JsonValue]) -> str:
    """Return a text with its placeholders filled in, in one pass: braces in what is filled in mean nothing."""
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)
