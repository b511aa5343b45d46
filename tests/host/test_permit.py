"""A board runs what its operator has signed: for it, for this release, over these files, not older, not expired."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge.deploy import release_signature
from sage_edge.host import clock, permit
from sage_edge.host import release_store as released
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import ExitStatus, Refusal
from tests.host.boards import NEW, OLD
from tests.keys import make_key, public_half

TOMORROW = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A board that knows one operator, and on which OLD serves with the counter 10."""
    places = Places(tmp_path / "board")
    (places.root / "etc/sage").mkdir(parents=True)
    places.card.write_text("format: 1\nhost: sprout\nfleet: sage\n")
    knows(places, make_key(tmp_path / "desk"))
    serve(places, *OLD, counter=10)
    return places


def knows(places: Places, *keys: str, counters: str = "0-", until: str = "") -> None:
    """Say who the board's operators are."""
    lines = (f'desk namespaces="git,sage-release" {key} after=start {until}counters={counters}\n' for key in keys)
    (places.root / "etc/sage/operators").write_text("# operators\n" + "".join(lines))


def signed(key: Path, text: str, namespace: str = "sage-release") -> dict[str, str]:
    """Sign a permit's text, as a workstation does."""
    words = ("ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace)
    done = subprocess.run(words, input=text.encode(), capture_output=True, check=True)
    return {"text": text, "signature": done.stdout.decode()}


def text(of: released.Released, over: Mapping[str, str], /, **changes: Any) -> str:
    """A permit's text for a release of sprout."""
    says = {
        "format": 1,
        "release": of.id,
        "host": "sprout",
        "fleet": "sage",
        "files": permit.digest_of({name: content.encode() for name, content in over.items()}),
        "counter": 11,
        "expires": TOMORROW,
        "back": False,
    }
    return json.dumps({**says, **changes}, sort_keys=True, separators=(",", ":"))


def serve(places: Places, release: released.Released, files: Mapping[str, str], *, counter: int) -> None:
    """Stage and switch, as a deployment does."""
    key = places.root.parent / "desk"
    permit.admit(places, release, signed(key, text(release, files, counter=counter)), files)
    released.write(places, release, files)
    released.switch(places, release.short)


def kind_of(places: Places, given_permit: Mapping[str, str] | None) -> str:
    """Why NEW is refused; empty when it is not."""
    try:
        permit.admit(places, NEW[0], given_permit, NEW[1])
    except Refusal as refused:
        return refused.kind if refused.code == ExitStatus.REFUSED and refused.hint else "no refusal"
    return ""


def test_what_the_operator_signed_may_run(places: Places, tmp_path: Path) -> None:
    release, files = NEW
    assert permit.admit(places, release, signed(tmp_path / "desk", text(release, files)), files) == (
        "signed by desk, counter 11"
    )
    released.write(places, release, files)
    assert permit.require(places, release, served=False) == "signed by desk, counter 11"


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "another release": ({"release": OLD[0].id}, "other-permit"),
    "another host": ({"host": "thor"}, "other-permit"),
    "another fleet": ({"fleet": "pets"}, "other-permit"),
    "other files": ({"files": "0" * 64}, "other-permit"),
    "an older counter": ({"counter": 9}, "older-release"),
    "no counter": ({"counter": True}, "bad-permit"),
    "no time": ({"expires": "soon"}, "bad-permit"),
    "another format": ({"format": 2}, "bad-permit"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_permit_that_is_not_for_this_is_refused(places: Places, tmp_path: Path, what: str) -> None:
    changes, kind = WRONG[what]
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW, **changes))) == kind


def test_only_the_operators_signature_counts(places: Places, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    good = signed(tmp_path / "desk", text(*NEW))
    assert kind_of(places, None) == "unsigned-release"
    assert kind_of(places, signed(tmp_path / "stranger", text(*NEW))) == "foreign-permit"
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW), "git")) == "foreign-permit"
    assert kind_of(places, {**good, "text": good["text"].replace("11", "12")}) == "foreign-permit"
    assert kind_of(places, {**good, "signature": ""}) == "foreign-permit"
    assert kind_of(places, good) == ""


def test_going_back_is_meant_or_refused(places: Places, tmp_path: Path) -> None:
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW, counter=9))) == "older-release"
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW, counter=9, back=True))) == ""
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW, counter=10))) == ""


def test_a_key_counts_between_its_counters(places: Places, tmp_path: Path) -> None:
    knows(places, make_key(tmp_path / "retired"), counters="0-10")
    assert kind_of(places, signed(tmp_path / "retired", text(*NEW, counter=10))) == ""
    assert kind_of(places, signed(tmp_path / "retired", text(*NEW, counter=11))) == "other-permit"


def test_a_withdrawn_key_releases_nothing_more(places: Places, tmp_path: Path) -> None:
    """Not even by saying that it means to go back; what served before may be gone back to."""
    serve(places, *NEW, counter=20)
    knows(places, public_half(tmp_path / "desk"), until="until=start ")
    assert kind_of(places, signed(tmp_path / "desk", text(*NEW, back=True, counter=30))) == "foreign-permit"
    assert permit.require(places, OLD[0], served=True) == "signed by desk, counter 10"


@pytest.mark.parametrize(
    ("days", "kind"), [(-1000, "expired-permit"), (-1, "expired-permit"), (1, ""), (90, ""), (92, "permit-ahead")]
)
def test_a_permit_expires_by_a_clock_that_is_kept_only(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, kind: str
) -> None:
    """Whose clock was ahead when it was signed has not signed for longer; a file that a keeper left keeps no clock."""
    expires = (datetime.now(timezone.utc) + timedelta(days=days)).isoformat(timespec="milliseconds")
    given_permit = signed(tmp_path / "desk", text(*NEW, expires=expires.replace("+00:00", "Z")))
    stamp = places.root / "run/systemd/timesync/synchronized"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    monkeypatch.setattr(clock, "is_kept", lambda: False)
    assert kind_of(places, given_permit) == ""
    monkeypatch.setattr(clock, "is_kept", lambda: True)
    assert kind_of(places, given_permit) == kind


def test_no_permit_is_longer_than_a_board_believes() -> None:
    assert release_signature.VALID < permit._LONGEST


def test_what_lies_there_is_what_was_signed(places: Places, tmp_path: Path) -> None:
    release, files = NEW
    permit.admit(places, release, signed(tmp_path / "desk", text(release, files)), files)
    released.write(places, release, files)
    folder = places.releases / release.short
    (folder / ".listing.json").write_text("the helper's own")
    permit.require(places, release, served=False)
    for name in ("compose.yaml", "fleet/hosts/more.yaml"):
        path = folder / name
        before = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("other")
        with pytest.raises(Refusal, match="other files") as refused:
            permit.require(places, release, served=False)
        assert refused.value.kind == "other-permit"
        path.unlink()
        if before is not None:
            path.write_bytes(before)


def test_back_to_what_has_served(places: Places, tmp_path: Path) -> None:
    serve(places, *NEW, counter=20)
    with pytest.raises(Refusal, match="older"):
        permit.require(places, OLD[0], served=False)
    assert permit.require(places, OLD[0], served=True) == "signed by desk, counter 10"
    (places.releases / OLD[0].short / "compose.yaml").write_text("other")
    with pytest.raises(Refusal, match="other files"):
        permit.require(places, OLD[0], served=True)
    shutil.rmtree(places.base / "deploy/permits")
    assert permit.require(places, OLD[0], served=True).startswith("unsigned")
    with pytest.raises(Refusal, match="nobody has signed"):
        permit.require(places, OLD[0], served=False)


def test_a_board_without_operators_takes_what_it_is_given(places: Places) -> None:
    (places.root / "etc/sage/operators").write_text("# nobody\n")
    assert permit.admit(places, NEW[0], None, NEW[1]).startswith("unsigned")
    assert permit.require(places, NEW[0], served=False).startswith("unsigned")
    (places.root / "etc/sage/operators").write_text("desk ssh-ed25519 AAAA\n")
    with pytest.raises(Refusal, match="holds a line that is none"):
        permit.admit(places, NEW[0], None, NEW[1])


def test_a_board_without_ssh_keygen_says_so(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_permit = signed(tmp_path / "desk", text(*NEW))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert kind_of(places, given_permit) == "no-ssh-keygen"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.sampled_from([b'{"text": 1, "signature": []}', b"[]", b"\xff", b"{}"]))
def test_a_damaged_permit_is_refused_and_nothing_else(places: Places, content: bytes) -> None:
    path = places.base / "deploy/permits" / f"{OLD[0].short}.json"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        permit.require(places, OLD[0], served=True)
    assert refused.value.kind in ("bad-permit", "foreign-permit")
    assert permit.counter_of(places) == 0
