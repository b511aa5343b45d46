"""What a workstation signs, a board takes: both ends with a real ssh-keygen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.deploy import provision, release_signature
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import OperatorUnknown
from sage_edge.deploy.release_signature import OperatorKey
from sage_edge.errors import ExitCode
from sage_edge.host import permit, release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName
from sage_edge.records.permit import digest_of
from sage_edge.workstation import operator_key
from tests.deploy import fleetfacts
from tests.keys import make_key

NOW = datetime.now(timezone.utc)
DESK = HostName("desk")


def signed_fleet(key: str, folder: Path, counters: tuple[int, int | None] = (0, None)) -> Fleet:
    """This fleet, with one operator and addresses of its own."""
    line = Signer(DESK, ("git", "sage-release"), key, "start", counters=counters)
    return replace(fleetfacts.fleet(), signers=(line,), addresses=folder)


def board(folder: Path, fleet: Fleet) -> Places:
    """A board that was provisioned for a fleet, as far as keys go."""
    (folder / "etc/sage").mkdir(parents=True)
    (step,) = (s for s in provision.steps(fleet, fleetfacts.SPROUT, fleetfacts.probed()) if "operators" in str(s))
    (folder / step["path"]).write_text(step["text"])
    return Places(folder)


def wanted() -> DesiredRelease:
    """A release with two files."""
    found = fleetfacts.wanted()
    return replace(found, files={**found.files, "compose.yaml": "services: {}\n", ".env": "A=ü\n"})


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.delenv("SAGE_KEY", raising=False)
    monkeypatch.setattr(provision, "_exchange_keys", lambda fleet: "")
    return signed_fleet(make_key(tmp_path / "operator_key"), tmp_path)


def test_a_board_takes_what_its_operator_signs(fleet: Fleet, tmp_path: Path) -> None:
    places, release = board(tmp_path / "board", fleet), wanted()
    key = operator_key.of(fleet, 12)
    assert key is not None
    signed = release_signature.permit(key, release, NOW)
    staged = release_store.parse(release.files["release.json"].encode())
    assert permit.admit(places, staged, signed, release.files) == "signed by desk, counter 12"
    with pytest.raises(Refusal, match="other files"):
        permit.admit(places, staged, signed, {**release.files, "compose.yaml": "services: {x: {}}\n"})


def test_a_fleet_without_operators_signs_nothing(tmp_path: Path) -> None:
    fleet = fleetfacts.fleet()
    assert operator_key.of(replace(fleet, signers=()), 12) is None
    assert permit.operators(Places(tmp_path)) == ()


def test_a_key_that_does_not_count_is_refused_before_anything(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cases = {
        "is not there|cannot be read": replace(fleet, addresses=tmp_path / "nothing"),
        "is no operator's key": replace(fleet, addresses=tmp_path / "other"),
        "does not count for the counter 12": replace(fleet, signers=(replace(fleet.signers[0], counters=(0, 11)),)),
        "was withdrawn": replace(fleet, signers=(replace(fleet.signers[0], until="start"),)),
    }
    make_key(tmp_path / "other" / "operator_key")
    for message, odd in cases.items():
        with pytest.raises(OperatorUnknown, match=message) as refused:
            operator_key.of(odd, 12)
        assert refused.value.code == ExitCode.REFUSED
        assert refused.value.hint


def test_where_the_key_lies(fleet: Fleet, tmp_path: Path) -> None:
    assert operator_key.path(fleet, {"SAGE_KEY": "/k"}) == Path("/k")
    assert operator_key.path(fleet, {}) == tmp_path / "operator_key"
    own = fleetfacts.fleet()
    assert operator_key.path(own, {"XDG_CONFIG_HOME": "/c"}) == Path("/c/sage-edge/key")
    assert operator_key.path(own, {"HOME": "/h", "XDG_CONFIG_HOME": "relative"}) == Path("/h/.config/sage-edge/key")


def test_a_key_that_cannot_sign_says_so(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "operator_key").chmod(0o644)
    with pytest.raises(OperatorUnknown, match="does not sign"):
        release_signature.permit(OperatorKey("desk", tmp_path / "operator_key", 1), wanted(), NOW)


@given(st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable()), st.text(max_size=8)))
def test_both_ends_digest_files_alike(files: dict[str, str]) -> None:
    assert digest_of(files) == permit.digest_of({name: text.encode() for name, text in files.items()})
