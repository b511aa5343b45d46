"""However a command is called and wherever its words go, it ends with a message and an exit code, never a traceback."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from sage_edge.cli import main
from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, World
from tests.drawn import by_commit

ROOT = Path(__file__).parents[2]
SAGE, INVOKE = f"{sys.executable} -m sage_edge", f"{sys.executable} -m invoke"
NEEDS: Mapping[str, str] = {
    "agent once": f"--at {MIDNIGHT}",
    "analyse": "--exchange {hub}",
    "exchange init": "{target}",
    "exchange repair": "--because x",
    "exchange trust": "thor 0123456789ab --because x",
    "import-legacy": "{folder} --into {target}",
    "model bench": "sage/seedling:q8_0 --prompts 16 --rounds 1 --tokens 3 --threads 1",
    "model import": "{folder} --ref a/b:c",
    "model inspect": "{folder}",
    "model lock": "sage/seedling:q8_0",
    "model prepare": "sage/seedling:q8_0 --dry-run",
    "model pull": "sage/seedling:q8_0",
    "model rm": "sage/seedling:q8_0",
    "model show": "sage/seedling:q8_0",
    "recommendation accept": "0123 --because x",
    "recommendation decline": "0123 --because x",
    "recommendation show": "0123",
    "replay": "P001",
    "report": "--exchange {hub} --out {target}",
    "session show": "P001",
    "session verify": "P001",
    "trial accept": "0123 --because x",
    "trial decline": "0123 --because x",
    "trial show": "0123",
    "trial simulate": "name-anchoring --trials 100",
}
"""What a command cannot be called without."""

NEVER_ENDS = {"agent run"}
OF_INVOKE = (
    "--list",
    "--help deploy",
    "explain --host sprout",
    "status --host nobody",
    "logs -n abc",
    "audit -n 0",
    "",
)


def leaves(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command of ours that is no group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))
        else:
            yield " ".join((*words, name))


COMMANDS = sorted(set(leaves(main)) - NEVER_ENDS)
TRIED = 10
"""Commands that one commit tries in each matrix; `--full` tries them all."""


@pytest.fixture(scope="module")
def raised(fresh: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one session in it."""
    world = worlds.make(tmp_path_factory.mktemp("raised"), like=fresh)
    assert world.run("sprout", "agent", "once", "--at", MIDNIGHT).returncode == 0
    return world


def ended(world: World, line: str, **env: str) -> tuple[int, str]:
    """Return how a line of a shell ended, and all that it said on stderr."""
    shell = f"set -o pipefail; {line}"
    env = {**world.environment("sprout", **env), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", shell], env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def typed(command: str, world: World, target: Path) -> str:
    needs = NEEDS.get(command, "").format(
        hub=world.stage.hub, folder=world.stage.fleet, target=shlex.quote(str(target))
    )
    return f"{SAGE} {command} {needs}"


def test_every_command_is_tried() -> None:
    assert len(COMMANDS) >= 20
    assert set(NEEDS) <= set(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("command", by_commit(COMMANDS, TRIED, "readers"))
def test_a_reader_that_leaves_changes_nothing(raised: World, tmp_path: Path, command: str) -> None:
    plain, _ = ended(raised, f"{typed(command, raised, tmp_path / 'plain')} >/dev/null")
    headed, _ = ended(raised, f"{{ {typed(command, raised, tmp_path / 'headed')} 2>&3 | head -n 1; }} 3>&2")
    assert headed == plain
    assert (tmp_path / "plain").exists() == (tmp_path / "headed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", by_commit(COMMANDS, TRIED, "disks"))
def test_a_full_disk_is_told(raised: World, tmp_path: Path, command: str) -> None:
    plain, _ = ended(raised, f"{typed(command, raised, tmp_path / 'plain')} | cat >{tmp_path / 'out'}")
    full, complaint = ended(raised, f"{typed(command, raised, tmp_path / 'full')} >/dev/full")
    says_something = (tmp_path / "out").stat().st_size > 0
    assert full == (plain or 1 if says_something else plain)
    assert ("cannot write the output: No space left on device" in complaint) == says_something


PLACES = ("/proc/none", "/dev/null", "/proc/self/mem", "{file}/below", "x" * 300)
PATHS = ("SAGE_STATE", "SAGE_MODELS", "SAGE_FLEET", "SAGE_CARD")


def named(place: str, folder: Path) -> Path:
    (folder / "file").write_text("a file")
    return Path(place.format(file=folder / "file"))


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if "{target}" in NEEDS.get(command, "")])
@pytest.mark.parametrize("place", PLACES)
def test_a_target_that_cannot_be(raised: World, tmp_path: Path, command: str, place: str) -> None:
    code, complaint = ended(raised, typed(command, raised, named(place, tmp_path)))
    assert code in (1, 2, 3)
    assert "error: " in complaint.lower()
    assert "\n next: " in complaint or "Try '" in complaint


@pytest.mark.slow
@pytest.mark.parametrize("command", by_commit(COMMANDS, TRIED, "machines"))
def test_a_machine_without_places(raised: World, tmp_path: Path, command: str) -> None:
    """Each of the paths that the environment names leads nowhere."""
    for variable in ("SAGE_STATE", "SAGE_MODELS"):
        ended(raised, typed(command, raised, tmp_path / "target"), **{variable: "/proc/none"})


@pytest.mark.full
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("variable", PATHS)
def test_every_place_that_cannot_be(raised: World, tmp_path: Path, command: str, place: str, variable: str) -> None:
    ended(raised, typed(command, raised, tmp_path / "target"), **{variable: str(named(place, tmp_path))})


@pytest.mark.slow
@pytest.mark.parametrize("words", OF_INVOKE)
@pytest.mark.parametrize("redirected", ["| head -n 1", ">/dev/full"])
def test_the_workstations_program_never_ends_in_a_traceback(raised: World, words: str, redirected: str) -> None:
    ended(raised, f"{INVOKE} {words} {redirected}")


@pytest.mark.slow
def test_a_number_that_is_none(raised: World) -> None:
    assert ended(raised, f"{INVOKE} logs -n abc") == (
        2,
        "error: -n wants a whole number from 1 on, not 'abc'\n next: for instance: -n 20\n",
    )


@pytest.mark.slow
def test_a_folder_in_the_place_of_the_lock(fresh: World, tmp_path: Path) -> None:
    world = worlds.make(tmp_path, like=fresh)
    (world.state("sprout") / "locks" / "agent.lock").mkdir(parents=True)
    code, _ = ended(world, f"{SAGE} agent once --at {MIDNIGHT}")
    assert code == 0


@pytest.mark.slow
@pytest.mark.parametrize("words", ["agent run", "session run"])
def test_an_interrupt_is_130_or_an_orderly_end(fresh: World, tmp_path: Path, words: str) -> None:
    process = worlds.make(tmp_path, like=fresh).start("sprout", *words.split())
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT), "a shell sees 130 in both: Python may die of what it caught"
    assert "Traceback" not in complaint


def test_a_session_is_meant_by_a_beginning_that_only_one_has(raised: World, capsys: pytest.CaptureFixture[str]) -> None:
    whole = raised.run("sprout", "session", "verify", "P001")
    assert (whole.returncode, whole.stdout.split()[:3]) == (0, ["P001", "is", "whole:"])
    assert raised.run("sprout", "session", "verify", "P").stdout == whole.stdout
    missing = raised.run("sprout", "session", "show", "T")
    assert (missing.returncode, missing.stderr.splitlines()[0]) == (2, "error: there is no session 'T'")


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "/proc"])
def test_what_is_no_plain_file_is_no_transcript(raised: World, place: str) -> None:
    seen = raised.run("sprout", "session", "verify", place)
    assert seen.returncode == 2
    assert seen.stderr.startswith(f"error: {place} ")


def test_a_childs_failure_is_no_success_whoever_started_us(fresh: World, tmp_path: Path) -> None:
    """Under a parent that ignores SIGCHLD, which is handed on."""
    world = worlds.make(tmp_path, like=fresh)
    shutil.rmtree(world.stage.hub)
    line = f"trap '' CHLD; exec {SAGE} agent once --at {MIDNIGHT}"
    done = subprocess.run(
        ["bash", "-c", line], env=world.environment("sprout"), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode not in (0, None)
    assert "published" not in done.stdout


@pytest.mark.slow
def test_a_terminal_that_hangs_up_ends_it_in_order(fresh: World, tmp_path: Path) -> None:
    process = worlds.make(tmp_path, like=fresh).start("sprout", "agent", "run")
    assert process.stderr
    assert process.stderr.readline(), "it says that it started"
    process.send_signal(signal.SIGHUP)
    _, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint
