"""Login shells that print, ask, trace, or run nothing at all, behind a real sshd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.names import HostName
from sage_edge.remote.board import helper_call
from sage_edge.remote.errors import BoardUsage, ShellInTheWay
from sage_edge.remote.ssh import client
from sage_edge.remote.ssh.client import connect
from tests.deploy import boards
from tests.deploy.boards import SHELL, Board, needs_ssh

pytestmark = [needs_ssh, pytest.mark.skipif(Path(SHELL).name != "bash", reason="whose start file is .bashrc")]
SPROUT = HostName("sprout")


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory, identity: Path) -> Iterator[Board]:
    """A board whose login has a home of its own."""
    folder = tmp_path_factory.mktemp("talker")
    (folder / "home").mkdir()
    public = identity.with_suffix(".pub").read_text()
    with boards.board("sprout", folder, public, bare=False, home=folder / "home") as one:
        yield one


@pytest.fixture
def fleet(tmp_path: Path, talker: Board, identity: Path) -> Path:
    return boards.fleet(tmp_path / "fleet", (talker,), identity)


def _says(talker: Board, script: str) -> None:
    (talker.folder / "home" / ".bashrc").write_text(script + "\n")


NOISE = (
    "echo Welcome",
    "printf 'no end of line'",
    "printf 'a warning' >&2",
    "head -c 300000 /dev/zero",
    """echo '{"helper": "x", "ok": true, "result": {}}'""",
    "set -xv",
    "trap 'echo bye' EXIT",
    "(sleep 0.05; echo late) & (sleep 0.05; echo late >&2) &",
    "while read -t 0.05 line; do echo swallowed; done",
)


@pytest.mark.parametrize("script", NOISE)
def test_an_answer_is_read_behind_whatever_is_printed(
    script: str, talker: Board, fleet: Path, helper_call_words: tuple[str, ...]
) -> None:
    _says(talker, script)
    with connect(fleet, SPROUT) as remote:
        heard: list[str] = []
        ran = remote.run("cat; echo err >&2; exit 3", stdin=b"in", hear=heard.append)
        assert (ran.code, ran.out.removesuffix(b"late\n"), heard[:1]) == (3, b"in", ["err"])
        with pytest.raises(BoardUsage, match="nonsense"):
            helper_call.ask(remote, "nonsense", {}, timeout_s=20, as_root=False)


@pytest.fixture
def helper_call_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, ...]:
    words = boards.install_helper(tmp_path / "host")
    monkeypatch.setattr("sage_edge.remote.board.helper_zipapp.CALL", words)
    return words


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("echo 'This account is \x1b[31mnot available.'; exit 1", 1, "This account is \\x1b[31mnot available."),
        ("echo 'password expired' >&2; exit 1", 1, "password expired"),
        ("exit 0", 0, ""),
        ("exec true", 0, ""),
        ("while echo noise; do :; done", None, "noise / noise"),
    ],
)
def test_a_shell_that_runs_nothing_is_named(
    script: str, code: int | None, words: str, talker: Board, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_NOISE_BYTES", 100_000)
    _says(talker, script)
    with connect(fleet, SPROUT) as remote, pytest.raises(ShellInTheWay) as caught:
        remote.run("echo on")
    error = caught.value
    assert (error.host, error.exit_code, error.code) == (SPROUT, code, 3)
    assert error.words.startswith(words)
    assert ".bashrc" in hints.text(error.hint)
