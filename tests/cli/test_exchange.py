"""`sage-edge exchange repair`, as somebody types it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, MORNING, World


@pytest.mark.slow
def test_a_hub_without_a_hook_and_somebody_who_writes(fresh: World, tmp_path: Path) -> None:
    world = worlds.make(tmp_path, like=fresh)
    world.run("sprout", "agent", "once", "--at", MIDNIGHT)
    nothing = world.run("sprout", "exchange", "repair", "--because", "a look")
    assert (nothing.returncode, nothing.stdout.startswith("nothing to repair")) == (0, True)
    (world.stage.hub / "hooks" / "pre-receive").unlink()
    tree = world.hub("rev-parse", "host/sprout^{tree}").strip()
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    words = ("git", f"--git-dir={world.stage.hub}", *identity, "commit-tree", tree, "-p", "host/sprout", "-m", "hello")
    commit = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    world.hub("update-ref", "refs/heads/host/sprout", commit)

    broken = world.run("sprout", "agent", "once", "--at", MORNING)
    assert broken.returncode == 8
    assert f"foreign-author: 'x@example.org' (commit {commit[:12]})" in broken.stderr
    assert broken.stderr.rstrip().endswith("sage-edge exchange repair --because REASON")
    assert (world.state("sprout") / "papers" / "sessions" / "primary" / "000" / "P002.json").is_file()
    both = world.run("sprout", "exchange", "repair", "--keep", "--disown", "--because", "a look")
    assert both.returncode == 2

    repaired = world.run("sprout", "exchange", "repair", "--because", "a person tried something")
    assert repaired.returncode == 0, repaired.stderr
    assert world.run("sprout", "agent", "once", "--at", MORNING).returncode == 0
    assert "sessions/primary/000/P002.json" in world.papers("sprout")
    assert world.hub("rev-parse", "host/sprout~2").strip() == commit
    assert world.run("thor", "agent", "once", "--at", MORNING).returncode == 0
