"""Since when a branch stands where it is, by this machine's own clock, whichever way that was set."""

from __future__ import annotations

from datetime import timedelta

from sage_edge.exchange import heard
from sage_edge.exchange.commands import Clone

from .world import SPROUT, START, World


def clone(world: World) -> Clone:
    folder = world.clone(SPROUT)
    folder.mkdir(parents=True)
    return Clone(SPROUT, folder, world.papers(SPROUT), world.state(SPROUT) / "locks", str(world.hub))


def test_a_tip_keeps_its_time_until_it_moves(world: World) -> None:
    own, later = clone(world), START + timedelta(hours=5)
    heard.note(own, {"thor": "a", "desk": "b"}, START)
    heard.note(own, {"thor": "c", "desk": "b"}, later)
    assert {host: known.at for host, known in heard.since(own).items()} == {"thor": later, "desk": START}
    heard.note(own, {"thor": "c"}, later)
    assert heard.since(own).keys() == {"thor"}


def test_a_clock_that_was_ahead_is_forgotten(world: World) -> None:
    own = clone(world)
    heard.note(own, {"thor": "a"}, START + timedelta(days=4000))
    heard.note(own, {"thor": "a"}, START)
    assert heard.since(own)["thor"].at == START


def test_a_lost_or_damaged_file_begins_anew(world: World) -> None:
    own = clone(world)
    assert heard.since(own) == {}
    for content in (b"", b"[]", b'{"thor": 1}', b"\0" * 20):
        (own.repository / "heard.json").write_bytes(content)
        assert heard.since(own) == {}
        heard.note(own, {"thor": "a"}, START)
        assert heard.since(own)["thor"].at == START
