"""Items that say again what another one says → the one that stands; those that it stands for are refused by number.

    {id: 7, role, content: "He"}, {id: 7, role, content: "Hello"}      one message, noted while it grew or mended after
    {uuid: X, …}, …, {uuid: X, …}                                      one message, written twice
    {uuid: A, message: {id: M, content: "He"}}, {uuid: B, message: {id: M, content: "Hello"}}      noted while it grew
    choices: [{index: 0, …}, {index: 1, …}]                            several drafts of one reply; one was used

A plain `id` may be a speaker's: where fewer than three differ, only a text that goes on is the same one. Items of one
`message` of which none goes on from the other are parts of it, and stay.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from sage_edge.legacy import shapes, vocabulary
from sage_edge.legacy.containers import Container
from sage_edge.legacy.errors import NoTurn

_MESSAGES = ("uuid", "message_uuid", "message_id", "messageid")
_OWN = (*_MESSAGES, "id")
_DRAFTS = ("choices", "candidates")
_FEWEST_MESSAGES = 3


@dataclasses.dataclass(frozen=True)
class _SpokenItem:
    """An utterance in its place. is_message: its id is called a message's; inner: the id of the message in it."""

    at: int
    who: str
    text: str
    own: JsonValue
    is_message: bool
    inner: JsonValue


def once(held: Container) -> Container:
    """Return a container in which nothing stands twice, with what was taken out of it refused; itself if so."""
    off = dict(_drafts(held) if held.key in _DRAFTS else _again(list(_spoken(held.items))))
    if not off:
        return held
    numbers = held.numbers or tuple(range(1, len(held.items) + 1))
    kept = [at for at in range(len(held.items)) if at not in off]
    are = "is" if len(off) == 1 else "are"
    sentences = tuple(f"item {numbers[at]}: {why.format(numbers[by])}" for at, (by, why) in sorted(off.items()))
    return dataclasses.replace(
        held,
        items=[held.items[at] for at in kept],
        numbers=tuple(numbers[at] for at in kept),
        off=(*held.off, *sentences),
        repairs=(*held.repairs, f"{len(off)} of {len(held.items)} items {are} another one once more"),
    )


def _drafts(held: Container) -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield the place of each further draft, with that of the first and why it is out."""
    places = [draft.at for draft in _spoken(held.items) if vocabulary.is_mind(draft.who)]
    yield from ((at, (places[0], "it is another draft of the reply in item {}")) for at in places[1:])


def _again(spoken: Sequence[_SpokenItem]) -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield the place of each item that another one stands for, with that of the other and why it is out."""
    first: dict[tuple[str, str], _SpokenItem] = {}
    last: _SpokenItem | None = None
    are_messages = len({str(item.own) for item in spoken}) >= _FEWEST_MESSAGES
    for later in spoken:
        key = (later.who, str(later.own))
        if last is not None and _is_later(last, later, are_messages or later.is_message):
            yield last.at, (later.at, "item {} says it anew, under the same id")
        elif later.is_message and key in first and first[key].text == later.text:
            yield later.at, (first[key].at, "it is item {} once more, under the same id")
            continue
        elif later.is_message:
            first[key] = later
        last = later


def _is_later(earlier: _SpokenItem, later: _SpokenItem, is_message: bool) -> bool:
    """Whether an item is another state of the message that stands right before it."""
    is_own = later.own is not None and earlier.own == later.own
    is_inner = later.inner is not None and earlier.inner == later.inner
    goes_on = later.text.startswith(earlier.text)
    return earlier.who == later.who and ((is_own and is_message) or ((is_own or is_inner) and goes_on))


def _spoken(items: Sequence[JsonValue]) -> Iterator[_SpokenItem]:
    for at, item in enumerate(items):
        try:
            turn = shapes.read(item)
        except NoTurn:
            continue
        if isinstance(item, dict) and isinstance(turn, shapes.Utterance):
            own, inner = vocabulary.key(item, _OWN), item.get("message")
            within = inner.get("id") if isinstance(inner, dict) else None
            is_message = own is not None and vocabulary.key({own: None}, _MESSAGES) is not None
            yield _SpokenItem(
                at, turn.who, turn.text or "", None if own is None else item[own] or None, is_message, within
            )
