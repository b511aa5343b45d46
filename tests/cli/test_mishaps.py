"""What goes wrong in the middle: each ends in one message with a next step, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.files import LineLog
from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, MORNING, World


@pytest.fixture
def world(fresh: World, tmp_path: Path) -> World:
    return worlds.make(tmp_path, like=fresh)


@pytest.mark.slow
def test_a_hub_that_refuses(world: World) -> None:
    hook = world.stage.hub / "hooks" / "pre-receive"
    kept = hook.read_bytes()
    hook.write_text("#!/bin/sh\necho 'closed for the night' >&2\nexit 1\n")
    refused = world.run("sprout", "agent", "once", "--at", MIDNIGHT)
    assert refused.returncode == 3
    assert "closed for the night" in refused.stderr
    hook.write_bytes(kept)
    assert world.run("sprout", "agent", "once", "--at", MIDNIGHT).returncode == 0
    assert "sessions/primary/000/P001.json" in world.papers("sprout")


@pytest.mark.slow
def test_a_transcript_edited_by_hand(world: World) -> None:
    world.run("sprout", "agent", "once", "--at", MIDNIGHT)
    file = world.state("sprout") / "papers" / "sessions" / "primary" / "000" / "P001.json"
    whole = file.read_text()
    content = json.loads(whole)
    content["turns"][2]["reply"] = "I am the best of all minds."
    file.write_text(json.dumps(content))
    seen = world.run("sprout", "session", "verify", str(file))
    assert seen.returncode == 8
    assert "turn 4 does not follow" in seen.stderr
    refused = world.run("sprout", "agent", "once", "--at", MORNING)
    assert refused.returncode == 8
    assert "P001.json" in refused.stderr
    file.write_text(whole)
    assert world.run("sprout", "agent", "once", "--at", MORNING).returncode == 0
    assert "sessions/primary/000/P002.json" in world.papers("sprout")


def test_sigterm_in_the_middle_of_a_generation(world: World) -> None:
    long = {"engine": {"context_tokens": 8192}, "sampling": {"max_tokens": 6000}}
    world.overlay({"hosts": {"sprout": long}})
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "sage_edge", "session", "run"],
        env=world.environment("sprout"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "teacher" in line:
                break
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the next start goes on with it" in said
    (interrupted,) = (line["turn"] for line in world.journal("P001") if "turn" in line)
    assert (interrupted["outcome"], interrupted["finish_reason"]) == ("interrupted", "cancelled")


@pytest.mark.slow
def test_a_cut_off_session_is_resumed_under_its_number(world: World) -> None:
    assert world.run("sprout", "session", "run").returncode == 0
    file = world.state("sprout") / "papers" / "sessions" / "primary" / "000" / "P001.json"
    journal = world.state("sprout") / "journals" / "P001.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    second = world.state("sprout") / "journals" / "P002.jsonl"
    head = json.loads(lines[0][9:])
    head["head"]["session"] = "P002"
    second.write_bytes(LineLog.encode(json.dumps(head)) + b"0bad")  # claimed, then the power went
    done = world.run("sprout", "session", "run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("P002.json")
    assert file.exists()
    transcript = json.loads(Path(done.stdout.strip()).read_text())
    assert transcript["closing"]["resumed"] == 1
    assert transcript["closing"]["ending"] == "complete"


def _fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@pytest.mark.slow
def test_a_full_disk(world: World) -> None:
    state = world.state("sprout")
    state.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(state)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        assert world.run("sprout", "agent", "once", "--at", MIDNIGHT).returncode == 0
        filler = state / "filler"
        _fill(filler)
        full = world.run("sprout", "agent", "once", "--at", MORNING)
        assert full.returncode == 1
        assert "No space left on device" in full.stderr
        assert "nothing is lost" in full.stderr
        filler.unlink()
        again = world.run("sprout", "agent", "once", "--at", MORNING)
        assert again.returncode == 0, again.stderr
        sessions = [name for name in world.papers("sprout") if name.startswith("sessions/")]
        assert sessions == ["sessions/primary/000/P001.json", "sessions/primary/000/P002.json"]
    finally:
        subprocess.run(["umount", str(state)], check=True)
