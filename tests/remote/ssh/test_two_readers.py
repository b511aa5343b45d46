"""OpenSSH and our door take generated files alike: in by the same key of the host, or refused for the same reason."""

from __future__ import annotations

import collections
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sage_edge.errors import DeclarationError
from sage_edge.remote.errors import KeyUnknown
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh
from tests.examples import draw

from .two_readers import FILES, KINDS, Readers

pytestmark = [needs_ssh, pytest.mark.slow]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("id", "other", "locked"):
        boards.keygen(folder / name)
    subprocess.run(("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", folder / "locked"), check=True)
    for copy in ("i%d", "sprout_key", "fern_key"):
        shutil.copy(folder / "id", folder / copy)
    return folder


@pytest.fixture(scope="module")
def sshd(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One sshd with a key of each kind."""
    folder = tmp_path_factory.mktemp("sprout")
    for kind in KINDS:
        subprocess.run(("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", folder / f"host_{kind}"), check=True)
    settings = "".join(f"HostKey {folder}/host_{kind}\n" for kind in KINDS) + "MaxAuthTries 20\nMaxStartups 100\n"
    with boards.board("sprout", folder, (keys / "id.pub").read_text(), bare=False, settings=settings) as one:
        config = folder / "sshd_config"
        config.write_text(config.read_text().replace(f"HostKey {folder}/host_key\n", ""))
        one.process.send_signal(1)  # it reads its file again
        yield one


@pytest.fixture
def readers(sshd: Board, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Readers:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Readers(sshd, tmp_path, keys)


@pytest.mark.parametrize("examples", [25, pytest.param(500, marks=pytest.mark.full)])
def test_both_take_files_alike(examples: int, readers: Readers) -> None:
    ends: collections.Counter[str] = collections.Counter()

    def check(drawn: Mapping[str, str]) -> None:
        readers.write(drawn)
        theirs, (ours, key, error) = readers.openssh(), readers.ours()
        assert (ours, key) == theirs or _ours_alone(drawn, theirs[0], error), error
        ends[ours] += 1

    draw(examples, check, FILES)
    assert {"in", "key", "config"} <= set(ends), ends


def _ours_alone(drawn: Mapping[str, str], theirs: str, error: Exception | None) -> bool:
    """What we refuse by its line, and OpenSSH passes over in silence: a mark before a name, a line that is none.

    Without a key of the host we do not even knock.
    """
    if isinstance(error, KeyUnknown):
        return theirs == "unreachable"
    odd = "\ufeff" in drawn["known_hosts"] or "\x0b" in drawn["known_hosts"]
    return isinstance(error, DeclarationError) and odd and "known_hosts: line " in str(error)


PLAIN = "Host sprout\nHostName 127.0.0.1\nPort <PORT>\nUser <USER>\nIdentityFile <KEYS>/id\nIdentitiesOnly yes\n"


@pytest.mark.parametrize(
    ("known_hosts", "more", "end", "kind"),
    [
        ("sprout <rsa>\n", "HostKeyAlias sprout", "in", "rsa"),  # the sshd has ed25519, too, and prefers it
        ("fern <other>\nsprout <other>\nSPROUT <ecdsa>\n", "HostKeyAlias sprout", "key", ""),
        ("127.0.0.1 <ed25519>\n", "", "in", "ed25519"),  # without the port, as a second try
        ("[127.0.0.1]:<PORT> <other>\n127.0.0.1 <ed25519>\n", "", "key", ""),
        ("[127.0.0.1]:<PORT> <ecdsa>\n127.0.0.1 <ed25519>\n", "", "in", "ecdsa"),
        ("@revoked sprout <ed25519>\nsprout <ed25519>\nsprout <rsa>\n", "HostKeyAlias sprout", "in", "rsa"),
        ("@revoked sprout <ed25519>\nsprout <other>\n", "HostKeyAlias sprout", "key", ""),
        ("<HASHED>sprout <ed25519>\n", "HostKeyAlias sprout", "in", "ed25519"),
        ("\ufeff# a mark\r\nsprout <ed25519>\r\n", "HostKeyAlias sprout", "in", "ed25519"),
        ("sprout <ed25519>\n", "HostKeyAlias sprout\nHostKeyAlgorithms rsa-sha2-512", "key", ""),
    ],
)
def test_a_host_is_known_by_the_key_that_openssh_takes(
    known_hosts: str, more: str, end: str, kind: str, readers: Readers
) -> None:
    readers.write({"ssh_config": PLAIN + more + "\n", "known_hosts": known_hosts, "more": ""})
    theirs, (ours, key, _) = readers.openssh(), readers.ours()
    assert (ours, key) == theirs
    assert ours == end
    assert key.startswith({"rsa": "ssh-rsa ", "ecdsa": "ecdsa-", "ed25519": "ssh-ed25519 ", "": ""}[kind])
