"""What the README tells a newcomer who owns no Jetson, command by command, in a folder that holds nothing else.

Three commands end with a session in git; then the fleet is verified, changed, and brought back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from tests import seedlings

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
WITHIN_S = 240
Invoke = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of what git would hand out, whose boards are taken down in the end."""
    folder = tmp_path_factory.mktemp("newcomer") / "sage-edge"
    words = ("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    seedlings.put_into(folder / "fleet", "sim")  # what the real model says on a board is asked in tests/real
    seedlings.alone_in(folder / "images")
    (folder / ".sage").mkdir()
    (ROOT / ".sage" / "wheels").mkdir(parents=True, exist_ok=True)
    (folder / ".sage" / "wheels").symlink_to(ROOT / ".sage" / "wheels")  # minutes of downloads
    try:
        yield folder
    finally:
        run(folder, "sim.down")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`invoke WORDS` in a checkout."""
    line = (sys.executable, "-m", "invoke", *words)
    return subprocess.run(line, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)


@pytest.fixture
def invoke(checkout: Path) -> Invoke:
    """Run a task that must succeed."""

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        done = run(checkout, *words)
        assert done.returncode == 0, (
            f"invoke {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr[-3000:]}"
        )
        return done

    return typed


def status(invoke: Invoke) -> dict[str, object]:
    told = json.loads(invoke("status", "--host", "sprout", "--fleet", "sim", "--json").stdout)
    (one,) = told["content"]
    return dict(one)


def published(checkout: Path) -> Transcript | None:
    """The first session, read as anybody reads it: by cloning the host's branch."""
    clone = checkout / ".sage" / "read"
    env = {**os.environ, "GIT_SSH_COMMAND": f"ssh -F {checkout / '.sage' / 'sim' / 'ssh_config'}"}
    words = ("git", "clone", "-q", "--branch", "host/sprout", "ssh://hub/srv/git/exchange.git", str(clone))
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        shutil.rmtree(clone, ignore_errors=True)
        subprocess.run(words, env=env, capture_output=True, check=False)
        path = clone / "sessions" / "primary" / "000" / "P001.json"
        if path.exists():
            return parse(Transcript, path.read_bytes())
        time.sleep(0.5)
    return None


def test_three_commands_end_with_a_session_in_git(invoke: Invoke, checkout: Path) -> None:
    invoke("sim.up")
    invoke("provision", "--all", "--fleet", "sim")
    invoke("deploy", "--host", "sprout", "--fleet", "sim")
    paper = published(checkout)
    assert paper is not None, run(checkout, "logs", "--host", "sprout", "--fleet", "sim").stdout
    assert chain_faults(paper) == ()
    built = json.loads((checkout / ".sage" / "images" / "sprout-cpu.json").read_text("utf-8"))
    assert paper.head.image == built["id"]
    assert paper.head.release == status(invoke)["release"]
    assert paper.head.model.digest.startswith("sha256:")


def test_the_whole_fleet_is_verified_green(invoke: Invoke) -> None:
    said = invoke("verify", "--all", "--fleet", "sim")
    assert "FAIL" not in said.stdout
    assert "sprout" in said.stdout
    assert "thor" in said.stdout


def test_a_rollback_brings_back_the_release_before_and_proves_it(invoke: Invoke, checkout: Path) -> None:
    before = status(invoke)["release"]
    with (checkout / "sage_edge" / "agent" / "loop.py").open("a", encoding="utf-8") as code:
        code.write("\n# a change\n")
    invoke("image.build", "--host", "sprout", "--fleet", "sim")
    assert "serves; running image" in invoke("deploy", "--host", "sprout", "--fleet", "sim").stdout
    assert status(invoke)["release"] != before
    said = invoke("rollback", "--host", "sprout", "--fleet", "sim").stdout
    assert said.startswith(f"sprout       {before} serves; running image ")
    assert status(invoke)["release"] == before
    assert "FAIL" not in invoke("verify", "--host", "sprout", "--fleet", "sim").stdout


def test_the_record_of_all_that_is_whole(invoke: Invoke) -> None:
    told = json.loads(invoke("audit", "--host", "sprout", "--fleet", "sim", "--json").stdout)
    actions = [line["action"] for line in told["content"]["lines"]]
    assert actions.count("confirm") == 3
    assert "rollback" in actions
