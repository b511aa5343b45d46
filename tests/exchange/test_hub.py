"""The hub as a folder: made once, made again, never made of something else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from sage_edge.exchange import hub, hub_program

from .world import FOLDERS, SPROUT, THOR, World, decision, git


def test_a_hub_is_a_bare_repository_with_a_doorkeeper(world: World) -> None:
    assert git(world.hub, "rev-parse", "--is-bare-repository") == "true"
    for key, value in {
        "receive.denyNonFastForwards": "true",
        "receive.denyDeletes": "true",
        "core.fsync": "all",
        "receive.fsckObjects": "true",
        "gc.auto": "0",
    }.items():
        assert git(world.hub, "config", key) == value
    assert os.access(world.hub / "hooks" / "pre-receive", os.X_OK)
    assert json.loads((world.hub / "sage-hosts.json").read_text())["folders"]["sprout"] == sorted(FOLDERS["sprout"])


def test_making_it_again_keeps_what_was_pushed_and_learns_new_hosts(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision())
    sprout.publish("one")
    before = world.on_hub(SPROUT)
    hook = world.hub / "hooks" / "pre-receive"
    hook.chmod(0o644)
    hub.init(world.hub, {**FOLDERS, "fern": frozenset({"sessions"})})
    assert world.on_hub(SPROUT) == before
    assert os.access(hook, os.X_OK)
    assert "fern" in (world.hub / "sage-hosts.json").read_text()
    hub.init(world.hub, FOLDERS)


def test_a_start_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    whole = tmp_path / "whole.git"
    hub.init(whole, FOLDERS)
    for left in (("sage-hosts.json",), (), (".tmp-0123",)):
        part = tmp_path / f"part{len(left)}{''.join(left)}"
        part.mkdir()
        for name in left:
            (part / name).write_text("{")
        hub.init(part, FOLDERS)
        assert git(part, "rev-parse", "--is-bare-repository") == "true"
        assert (part / "sage-hosts.json").read_bytes() == (whole / "sage-hosts.json").read_bytes()


def test_what_is_no_hub_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("x")
    with pytest.raises(UsageError, match="no hub of ours"):
        hub.init(tmp_path, FOLDERS)
    with pytest.raises(UsageError, match="is a file"):
        hub.init(tmp_path / "photo.jpg", FOLDERS)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"folders": 3}', '{"folders": {"sprout": 3}}'])
def test_a_doorkeeper_that_cannot_read_its_list_lets_nobody_in(world: World, content: str | None) -> None:
    hosts = world.hub / "sage-hosts.json"
    hosts.unlink() if content is None else hosts.write_text(content)
    sprout = world.post(SPROUT)
    sprout.put(decision())
    with pytest.raises(Exception, match="the hub could not check this push"):
        sprout.publish("one")


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/main", "refs/heads/host", "refs/tags/v1", "refs/notes/commits", "refs/replace/" + "1" * 40],
)
def test_names_that_are_no_branch_of_a_host(world: World, ref: str) -> None:
    pushed = world.folder / "other"
    git(world.folder, "init", "--quiet", str(pushed))
    git(pushed, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "--allow-empty", "-m", "x")
    done = subprocess.run(
        ["git", "push", str(world.hub), f"HEAD:{ref}"], cwd=pushed, capture_output=True, check=False, text=True
    )
    assert done.returncode != 0
    assert "no such name can be pushed here" in done.stderr
    assert git(world.hub, "for-each-ref") == ""


def test_the_program_stands_alone(tmp_path: Path) -> None:
    """It must run on a machine that has git and python3 and nothing of ours."""
    python = shutil.which("python3")
    assert python
    program = tmp_path / "hooks" / "pre-receive"
    program.parent.mkdir()
    program.write_bytes(hub_program.packed())
    done = subprocess.run(
        [python, "-I", "-S", str(program)], input="", capture_output=True, text=True, check=False, cwd="/"
    )
    assert (done.returncode, done.stderr.count("sage: ")) == (1, 1)  # no list beside it
    assert hub_program.packed() == hub_program.packed()


def test_the_program_is_made_of_the_standard_library_alone() -> None:
    folder = Path(hub_program.__file__).parent
    ours = {f"sage_edge.exchange.{part}" for part in hub_program.PARTS}
    for part in (*hub_program.PARTS, "hub_keys"):
        for node in ast.walk(ast.parse((folder / f"{part}.py").read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name in {*ours, "sage_edge.exchange"} or str(name).split(".")[0] in sys.stdlib_module_names


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_hub_that_another_user_owns_is_trusted_because_the_fleet_declares_it(world: World) -> None:
    for path in (world.hub, *world.hub.glob("**/*")):
        os.chown(path, 1000, 1000)
    sprout = world.post(SPROUT)
    sprout.put(decision())
    assert sprout.publish("one").pushed
    assert world.post(THOR).receive().updated == (SPROUT,)


@pytest.mark.parametrize(
    "spelled", ["{hub}", "{hub}/", "{stem}", "file://{hub}", "file://localhost{hub}/", "{link}", "{dots}"]
)
def test_a_hub_of_another_user_is_trusted_however_it_is_spelled(
    world: World, spelled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "link").symlink_to(world.hub)
    places = {
        "hub": world.hub,
        "stem": world.hub.with_suffix(""),
        "link": world.folder / "link",
        "dots": f"{world.folder}/sprout/../hub.git",
    }
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # what git asks the file system otherwise
    sprout = world.post(SPROUT, spelled.format(**places))
    sprout.put(decision())
    assert sprout.publish("a decision").pushed
    assert world.post(THOR, spelled.format(**places)).receive().updated == (SPROUT,)
