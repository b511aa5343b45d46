"""A gateway's token and certificate are made once, fit each other and their names, and are made anew when asked."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from sage_edge.host import gateway_secrets, machine, provision
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.machine import Ran
from sage_edge.serve import listener, tokens

NAMES = ("thor", "localhost", "127.0.0.1", "fd00::7")
STEP: dict[str, Any] = {"kind": "gateway", "path": "srv/sage/keys/serve", "uid": os.getuid(), "gid": os.getgid()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where provisioning makes them."""
    path = Places(tmp_path).gateway
    path.mkdir(parents=True)
    return path


@pytest.fixture(autouse=True)
def restarted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which containers were started anew."""
    names: list[str] = []
    run = machine.run

    def instead(words: Any, **options: Any) -> Ran:
        if words[0] != "docker":
            return run(words, **options)
        names.append(words[-1])
        return Ran(0, "", "")

    monkeypatch.setattr(machine, "run", instead)
    return names


def apply(root: Path, *names: str, **more: object) -> dict[str, Any]:
    (done,) = provision.apply(Places(root), [{**STEP, "names": names or NAMES, **more}], lambda line: None)
    return done


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def answered(folder: Path, name: str) -> str:
    """What a client that trusts this certificate alone gets from a server of it that it knows by a name."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    ours = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    ours.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does by itself
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            try:
                with theirs.wrap_socket(door.accept()[0], server_side=True) as client:
                    client.sendall(b"yes")
            except OSError:
                pass

        server = threading.Thread(target=serve)
        server.start()
        try:
            with ours.wrap_socket(socket.create_connection(door.getsockname()), server_hostname=name) as asked:
                return asked.recv(9).decode()
        finally:
            server.join()


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path, folder: Path, restarted: list[str]) -> None:
    done = apply(tmp_path)
    before = contents(folder)
    assert (done["changed"], done["certificate"].encode()) == (True, before["cert.pem"])
    assert set(before) == {"token", "key.pem", "cert.pem"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}
    assert len(tokens.read(folder / "token")) == 64
    assert listener.files(folder, "0.0.0.0", is_local=False) is not None  # noqa: S104
    assert (apply(tmp_path)["changed"], contents(folder), restarted) == (False, before, ["sage-serve-1"])


@pytest.mark.parametrize("name", NAMES)
def test_whoever_trusts_it_knows_the_board_by_each_of_its_names(tmp_path: Path, folder: Path, name: str) -> None:
    apply(tmp_path)
    assert answered(folder, name) == "yes"


def test_by_another_name_it_is_not_known(tmp_path: Path, folder: Path) -> None:
    apply(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        answered(folder, "sprout")


def test_all_of_it_is_another_when_that_is_asked_for(tmp_path: Path, folder: Path, restarted: list[str]) -> None:
    apply(tmp_path)
    before = contents(folder)
    assert apply(tmp_path, renew=True)["changed"]
    assert not set(before.values()) & set(contents(folder).values())
    assert answered(folder, "thor") == "yes"
    assert restarted == ["sage-serve-1"] * 2, "what runs opens by the new one from now on"


@pytest.mark.parametrize("lost", ["token", "key.pem", "cert.pem"])
def test_what_is_lost_is_made_again(tmp_path: Path, folder: Path, lost: str) -> None:
    apply(tmp_path)
    before = contents(folder)
    (folder / lost).unlink()
    assert apply(tmp_path)["changed"]
    kept = {name for name, content in contents(folder).items() if content == before[name]}
    assert kept == ({"key.pem", "cert.pem"} if lost == "token" else {"token"})
    assert answered(folder, "thor") == "yes"


def test_a_certificate_of_another_key_or_for_other_names_is_made_again(tmp_path: Path, folder: Path) -> None:
    apply(tmp_path)
    before = (folder / "cert.pem").read_bytes()
    apply(tmp_path, renew=True)
    (folder / "cert.pem").write_bytes(before)  # as a kill between the two leaves them
    assert apply(tmp_path)["changed"]
    assert apply(tmp_path, "thor", "10.0.0.7")["changed"]
    assert not apply(tmp_path, "thor", "10.0.0.7")["changed"]


def test_rights_that_were_widened_are_narrowed(tmp_path: Path, folder: Path) -> None:
    apply(tmp_path)
    (folder / "token").chmod(0o644)
    assert apply(tmp_path)["changed"]
    assert (folder / "token").stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("name", ["a,DNS:b", "", "-a", "a\nb", "x" * 64])
def test_a_name_that_is_none_is_refused(tmp_path: Path, folder: Path, name: str) -> None:
    with pytest.raises(Refusal, match="expected a name or an address"):
        apply(tmp_path, name)


def test_a_board_without_openssl_is_told_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "run", lambda words, **_: Ran(127, "", f"{words[0]} is not installed"))
    with pytest.raises(Refusal, match="making a certificate failed: openssl is not installed"):
        gateway_secrets.complete(folder, NAMES, renew=False)
