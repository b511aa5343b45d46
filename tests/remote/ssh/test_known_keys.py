"""Which keys count for a host, and which line of the file is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.errors import DeclarationError
from sage_edge.remote.ssh import known_keys
from sage_edge.remote.ssh.known_keys import HostKey, PinnedKeys


def blob(kind: str, number: int) -> bytes:
    return len(kind).to_bytes(4, "big") + kind.encode() + b"\0\0\0\x20" + bytes([number]) * 32


def line(name: str, number: int, kind: str = "ssh-ed25519", marker: str = "") -> str:
    return f"{marker}{name} {kind} {base64.b64encode(blob(kind, number)).decode()}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


def test_keys_are_those_of_the_name_with_port_then_of_the_bare_one(file: Path) -> None:
    lines = [line("[hub]:22,[hub]:2222", 1), line("hub", 2), line("hub", 3, "ssh-rsa"), line("other", 4)]
    file.write_text("\n".join(lines))
    keys = known_keys.pinned(file, "[hub]:2222", "hub")
    assert [key.text for key in keys.own] == lines[:1]
    assert [key.line for key in keys.bare] == [2, 3]
    assert keys.verdict("ssh-ed25519", blob("ssh-ed25519", 1)) == "pinned"
    assert keys.verdict("ssh-ed25519", blob("ssh-ed25519", 2)) == "changed"
    assert keys.verdict("ssh-rsa", blob("ssh-rsa", 3)) == "pinned"
    assert keys.verdict("ecdsa-sha2-nistp256", b"x") == "unknown"
    assert keys.kinds == ("ssh-ed25519",)


def test_a_revoked_key_counts_for_nothing_and_keeps_its_marker(file: Path) -> None:
    lines = [line("hub", 1), line("hub", 1, marker="@revoked ")]
    file.write_text("\n".join(lines) + "  with a comment\n")
    keys = known_keys.pinned(file, "hub")
    assert [key.text for key in keys.own] == lines
    assert keys.verdict("ssh-ed25519", blob("ssh-ed25519", 1)) == "revoked"
    assert keys.kinds == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@cert-authority hub ssh-ed25519 A", "markers like @cert-authority"),
        (line("*.hub", 1), "expected a plain name"),
        (line("!hub,*", 1), "expected a plain name"),
        (line("hub", 1).replace("ssh-ed25519", "ssh-rsa"), "holds no key"),
        ("hub ssh-ed25519", "expected a name, a key type and a key"),
        ("@revoked hub ssh-ed25519", "expected a name, a key type and a key"),
        (f"\ufeff{line('hub', 1)}", "a byte order mark stands before the name"),
        (f"{line('hub', 1)}\0", "holds a NUL"),
        ("\v", "expected a name, a key type and a key"),
        (line("hub", 1).replace(" ", "\f", 1), "expected a name, a key type and a key"),
    ],
)
def test_lines_that_are_refused(text: str, says: str, file: Path) -> None:
    file.write_text(f"# keys\r\n\r\n{text}\n")
    if text.startswith("\ufeff"):
        file.write_text(f"{text}\n")
    with pytest.raises(DeclarationError) as caught:
        known_keys.pinned(file, "hub")
    assert says in caught.value.message
    assert ("line 1" if text.startswith("\ufeff") else "line 3") in caught.value.message


@given(st.binary(max_size=200))
def test_whatever_the_file_holds_it_is_read_or_refused(content: bytes) -> None:
    for text in content.decode("utf-8", "replace").split("\n"):
        if not known_keys._is_comment(text):
            known_keys._odd(text)


KEYS = st.builds(
    lambda kind, number, revoked: HostKey(1, kind, blob(kind, number), "", revoked),
    st.sampled_from(["ssh-ed25519", "ssh-rsa"]),
    st.integers(0, 3),
    st.booleans(),
)


@given(st.lists(KEYS, max_size=5).map(tuple), st.lists(KEYS, max_size=5).map(tuple), KEYS)
def test_no_key_counts_that_is_not_pinned_or_that_is_revoked(
    own: tuple[HostKey, ...], bare: tuple[HostKey, ...], shown: HostKey
) -> None:
    verdict = PinnedKeys(own, bare).verdict(shown.type, shown.blob)
    if verdict == "pinned":
        assert any(key.blob == shown.blob and not key.revoked for key in (*own, *bare))
        assert not any(key.blob == shown.blob and key.revoked for key in own)
