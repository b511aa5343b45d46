"""A rollback goes to the release before, each time, and a board that was rolled back says so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host import served_line
from sage_edge.host.journal import JournalEntry
from sage_edge.host.states import DeploymentState


def committed(acts: str) -> list[JournalEntry]:
    """A journal of deployments that were committed: `A` deploys A, `<A` rolls back to it, `!A` was taken back."""
    entries, now = [], None
    for number, act in enumerate(acts.split()):
        state: DeploymentState = "reverted" if act[0] == "!" else "committed"
        name = act.lstrip("<!")
        kind = "rollback" if act[0] == "<" else "deploy"
        entries.append(JournalEntry(f"{number}", kind, name, now, state, "", f"t{number}", "b"))  # type: ignore[arg-type]
        now = name if state == "committed" else now
    return entries


@pytest.mark.parametrize(
    ("acts", "before", "away_from"),
    [
        ("", None, None),
        ("A", None, None),
        ("A B", "A", None),
        ("A B C <B", "A", ("C",)),
        ("A B C <B <A", None, ("C", "B")),
        ("A B C <A", None, ("B", "C")),
        ("A B C <B D", "B", None),
        ("A B C <B <C", "B", ("B",)),  # named: forward again, because somebody says so
        ("A B A", "B", None),
        ("A B A <B", None, ("A",)),
        ("A B !C", "A", None),
        ("A B <B", "A", ()),
    ],
)
def test_what_lies_before(acts: str, before: str | None, away_from: tuple[str, ...] | None) -> None:
    entries = committed(acts)
    found = served_line.of(entries)
    now = found.line[-1] if found.line else None
    assert found.before(now, "ABCD") == before
    assert (found.pin.away_from if found.pin else None) == away_from


def test_a_release_that_is_gone_is_passed_over() -> None:
    found = served_line.of(committed("A B C"))
    assert (found.before("C", "AC"), found.before("C", "C"), found.before("B", "ABC")) == ("A", None, "A")
    assert found.before(None, "ABC") == "C"
    assert found.before("X", "ABC") == "C"


@given(st.lists(st.sampled_from("ABCDE?"), max_size=12))
def test_rollbacks_only_ever_go_further_back(acts: Sequence[str]) -> None:
    """`?` rolls back, if it can: never to what the board was rolled back from since the last deployment."""
    done, left = "", set[str]()
    for act in acts:
        line = served_line.of(committed(done)).line
        now = line[-1] if line else None
        if act == "?":
            to = served_line.of(committed(done)).before(now, "ABCDE")
            if to is None or now is None:
                continue
            left.add(now)
            assert to not in left
            done += f" <{to}"
        else:
            left.clear()
            done += f" {act}"
        pin = served_line.of(committed(done)).pin
        assert (set(pin.away_from) if pin else set()) == left
