"""Why base and adapter do not make a model, told by the process that merges to the one that started it.

One line of JSON, the last one of stderr: the message, and its next step as `hints.plain` writes it. Whoever merges has
looked at both folders before (`inspect`), so a next step that asks to inspect one of them again would show nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from sage_edge import hints
from sage_edge.hints import sage
from sage_edge.models.errors import CannotMerge
from sage_edge.sizes import counted

_THEN = sage("model prepare", "REF")


def line(refusal: CannotMerge) -> str:
    """Return a refusal as one line."""
    return json.dumps([refusal.message, hints.plain(refusal.hint)]) + "\n"


def read(complaint: str) -> CannotMerge:
    """Return the refusal whose line is the last one of what a process wrote."""
    message, hint = json.loads(complaint.splitlines()[-1])
    return CannotMerge(message, hint=hints.from_plain(hint))


def require_same(held: Collection[str], asked: Collection[str]) -> None:
    """Raise CannotMerge unless an adapter holds what is asked for: PEFT would leave the rest out, and only warn.

    held: names of its tensors. asked: those that PEFT makes of its config beside this base.
    """
    lacks, others = sorted(set(asked) - set(held)), sorted(set(held) - set(asked))
    if prefix := _prefix(lacks, others):
        raise CannotMerge(
            f"the adapter does not fit this base: its keys lack the prefix {prefix} ({others[0]})",
            hint=("save it again with PEFT's save_pretrained, which writes that prefix, then: ", _THEN),
        )
    if lacks and not others:
        raise CannotMerge(
            f"the adapter does not fit this base: it lacks {counted(len(lacks), 'weight')} which its config asks for, "
            f"first {lacks[0]}",
            hint=(
                "take it as its training saved it, or mend target_modules and the like in its config, then: ",
                _THEN,
            ),
        )
    if others:
        instead = f"; asked for is {lacks[0]}" if lacks else ""
        raise CannotMerge(
            f"the adapter does not fit this base: {counted(len(others), 'weight')} of it would have no place there, "
            f"first {others[0]}{instead}",
            hint=("name the base that it was trained beside on its card, then: ", _THEN),
        )


def _prefix(lacks: Collection[str], others: Collection[str]) -> str:
    """What would make all other names those that are lacking, if it stood before them; empty where nothing does."""
    if not lacks or not others:
        return ""
    first = min(others)
    prefixes = (name.removesuffix(first) for name in lacks if name.endswith(f".{first}"))
    return next((prefix for prefix in prefixes if {prefix + name for name in others} <= set(lacks)), "")
