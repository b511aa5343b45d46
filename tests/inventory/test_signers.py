"""allowed_signers: read strictly, written back as it was, and read by OpenSSH as we read it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.errors import DeclarationError
from sage_edge.inventory import load, signers
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName
from tests.keys import make_key

KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"k" * 32).decode()
COMMIT = "0a1b" * 10
GOOD = (
    f'sprout namespaces="git" {KEY} after=start',
    f'sprout namespaces="git" {KEY} after={COMMIT} until={COMMIT}',
    f'desk namespaces="git,sage-release" {KEY} after=start counters=0-',
    f'desk namespaces="sage-release" {KEY} after=start until=start counters=7-41',
)
BAD = {
    "no key": 'sprout namespaces="git" after=start',
    "no namespace": f"sprout {KEY} after=start",
    "any namespace": f'sprout namespaces="file" {KEY} after=start',
    "twice a namespace": f'sprout namespaces="git,git" {KEY} after=start',
    "a pattern": f'* namespaces="git" {KEY} after=start',
    "two hosts": f'sprout,thor namespaces="git" {KEY} after=start',
    "an option of OpenSSH": f'sprout cert-authority,namespaces="git" {KEY} after=start',
    "a date": f'sprout namespaces="git",valid-after="20260101" {KEY} after=start',
    "no beginning": f'sprout namespaces="git" {KEY}',
    "a short commit": f'sprout namespaces="git" {KEY} after=0a1b0a1b0a1b',
    "a word nobody knows": f'sprout namespaces="git" {KEY} after=start from=3',
    "twice a word": f'sprout namespaces="git" {KEY} after={COMMIT} after=start',
    "two spaces": f'sprout  namespaces="git" {KEY} after=start',
    "counters of a host": f'sprout namespaces="git" {KEY} after=start counters=1-',
    "releases without counters": f'desk namespaces="sage-release" {KEY} after=start',
    "counters that run backwards": f'desk namespaces="sage-release" {KEY} after=start counters=4-3',
    "another kind": f'sprout namespaces="git" ssh-rsa {KEY.split()[1]} after=start',
    "half a key": f'sprout namespaces="git" ssh-ed25519 {KEY.split()[1][:10]} after=start',
}


@pytest.mark.parametrize("line", GOOD)
def test_a_line_is_written_as_it_was_read(line: str) -> None:
    assert str(signers.parse(line)) == line


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_line_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match=r"expected|stands"):
        signers.parse(BAD[what])


@given(st.text(max_size=200) | st.sampled_from(GOOD).flatmap(lambda line: st.text(max_size=3).map(line.__add__)))
def test_anything_is_a_line_or_refused(text: str) -> None:
    try:
        signer = signers.parse(text)
    except ValueError:
        return
    assert str(signer) == text


def test_the_fleet_names_file_and_line(fleet: Path) -> None:
    (fleet / signers.FILE).write_text(f"# who signs\n{GOOD[0]}\n\nnobody\n{GOOD[0].replace('sprout', 'nix')}\n")
    with pytest.raises(DeclarationError) as refused:
        load.load(fleet)
    first, second = sorted(refused.value.message.splitlines())
    assert first.startswith("fleet/allowed_signers: line 4: expected: HOST")
    gone = "no host named 'nix'; if it is gone for good: invoke retire --host nix"
    assert second == f"fleet/allowed_signers: line 5: {gone}"
    (fleet / signers.FILE).write_text(f"{GOOD[0]}\n")
    assert load.load(fleet).signers == (signers.parse(GOOD[0]),)
    (fleet / signers.FILE).write_text("#" * (signers.LIMIT_BYTES + 1))
    with pytest.raises(DeclarationError, match="holds more than"):
        load.load(fleet)


def test_a_host_that_is_gone_keeps_lines_that_have_ended_and_no_other(fleet: Path) -> None:
    ended, counts = GOOD[1].replace("sprout", "nix"), GOOD[0].replace("sprout", "nix")
    (fleet / signers.FILE).write_text(f"{ended}\n")
    assert load.load(fleet).signers == (signers.parse(ended),)
    (fleet / signers.FILE).write_text(f"{counts}\n")
    with pytest.raises(DeclarationError, match="invoke retire --host nix"):
        load.load(fleet)
    assert load.load(fleet, strangers=True).signers == (signers.parse(counts),)


def test_a_fleet_without_the_file_has_no_signers(fleet: Path) -> None:
    assert load.load(fleet).signers == ()


def test_other_machines_have_signers_of_their_own(fleet: Path) -> None:
    (fleet / signers.FILE).write_text(f"{GOOD[0]}\n")
    assert load.load(fleet, "sim").signers == (signers.parse(GOOD[0]),), "on a board, where there are no addresses"
    sim = fleet.parent / ".sage" / "sim"
    sim.mkdir(parents=True)
    assert load.load(fleet, "sim").signers == ()
    (sim / signers.FILE).write_text(f"{GOOD[1]}\n")
    assert load.load(fleet, "sim").signers == (signers.parse(GOOD[1]),)


def test_lines_are_added_once_and_ended() -> None:
    one = signers.parse(GOOD[0])
    text = signers.added("# who signs", one)
    assert text == f"# who signs\n{one}\n"
    assert signers.added(text, one) == text
    other = Signer(HostName("thor"), ("git",), KEY, "start")
    both = signers.added(text, other)
    assert signers.ended(both, "sprout", COMMIT) == f"# who signs\n{one} until={COMMIT}\n{other}\n"


def test_a_retired_key_counts_for_no_later_release() -> None:
    desk = signers.parse(GOOD[2])
    new = Signer(HostName("desk"), desk.namespaces, KEY.replace("a2tr", "a2ts"), COMMIT, counters=(12, None))
    text = f"{desk}\n{new}\n"
    assert signers.counted_out(text, "desk", 12, but=new.key) == f"{str(desk)[:-2]}0-12\n{new}\n"
    assert signers.counted_out(text, "sprout", 12, but="") == text


def test_openssh_reads_the_file_and_names_the_key_alike(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    signer = Signer(HostName("sprout"), ("git", "sage-release"), key, COMMIT, COMMIT, (3, 9))
    (tmp_path / "allowed").write_text(f"# a comment\n\n{signer}\n")
    (tmp_path / "text").write_bytes(b"text")
    words = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(tmp_path / "key"), "-n", "git", str(tmp_path / "text")]
    subprocess.run(words, check=True, capture_output=True)
    asked = ["-Y", "verify", "-f", str(tmp_path / "allowed"), "-I", "sprout", "-n", "git"]
    done = subprocess.run(
        ["ssh-keygen", *asked, "-s", str(tmp_path / "text.sig")], input=b"text", capture_output=True, check=True
    )
    assert signer.fingerprint in done.stdout.decode()
