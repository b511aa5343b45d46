"""All checks of this machine, as the command shows them; each stands alone."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli.doctor import command
from sage_edge.models.lock import LockedModel, write_lock
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from sage_edge.verify import libraries, machine_checks, probes
from sage_edge.verify.check import By, CheckJudgement, Fact, HostCheck, always
from sage_edge.verify.this_machine import ThisMachine
from tests import keys
from tests.models import shelving

FLEET = Path(__file__).parents[2] / "fleet"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A fleet with a bare hub of its own, and a card that says who this machine is."""
    shutil.copytree(FLEET, tmp_path / "fleet")
    hub = tmp_path / "hub.git"
    subprocess.run(("git", "init", "-q", "--bare", str(hub)), check=True)
    declared = tmp_path / "fleet" / "fleet.yaml"
    lines = [f"  remote: {hub}" if "remote:" in line else line for line in declared.read_text().splitlines()]
    declared.write_text("\n".join(lines) + "\n")
    (tmp_path / "host.yaml").write_text("format: 1\nhost: sprout\noverlay: seedling\n")
    return tmp_path


def ask(world: Path, *words: str) -> Result:
    env = {
        "SAGE_FLEET": str(world / "fleet"),
        "SAGE_CARD": str(world / "host.yaml"),
        "SAGE_STATE": str(world / "state"),
        "SAGE_MODELS": str(world / "models"),
    }
    return CliRunner().invoke(command, words, env=env)


def findings(result: Result) -> Mapping[str, Mapping[str, str]]:
    document = json.loads(result.stdout)
    assert document["schema"] == "sage-edge/doctor/1"
    return {finding["check"]: finding for finding in document["content"]}


@pytest.mark.slow
def test_this_machine_is_examined_and_nothing_is_written(world: Path) -> None:
    before = sorted(path.relative_to(world) for path in world.rglob("*"))
    result = ask(world, "--json")
    found = findings(result)
    failed = {name: finding for name, finding in found.items() if finding["verdict"] == "fail"}
    assert failed == {}
    assert result.exit_code == 0
    assert found["board"]["found"].endswith("agrees with cpu, as declared")
    assert found["exchange"]["found"].endswith("hub.git answers, 0 hosts have a branch there")
    if libraries.installed("llama_cpp"):
        assert "sage/seedling:q8_0 drew a token in" in found["token"]["found"]
    else:
        assert found["token"]["verdict"] == "skipped"
    assert sorted(path.relative_to(world) for path in world.rglob("*")) == before


def test_a_failed_check_ends_with_8_and_says_what_to_do(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(world / "hub.git")
    _only(monkeypatch, "declarations", "board", "exchange")
    result = ask(world)
    assert result.exit_code == 8
    assert result.stdout.count("next: ") == 1
    assert "fail    exchange" in result.stdout
    assert "hub.git does not answer: fatal: " in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stderr == "3 checks, 1 failed\n"


def test_who_is_unsigned_is_said(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, "signatures")
    monkeypatch.delenv("SAGE_KEY", raising=False)
    found = findings(ask(world, "--json"))["signatures"]
    assert (found["verdict"], found["remedy"].rpartition(": ")[2]) == ("warn", "invoke key.enrol --host sprout")
    assert "sprout, thor" in found["found"]
    line = f'sprout namespaces="git" {keys.make_key(world / "key")} after=start\n'
    (world / "fleet" / "allowed_signers").write_text(line)
    found = findings(ask(world, "--json"))["signatures"]
    assert found["verdict"] == "fail"
    assert "sprout has to sign its commits, and its key" in found["found"]
    monkeypatch.setenv("SAGE_KEY", str(world / "key"))
    found = findings(ask(world, "--json"))["signatures"]
    assert (found["verdict"], "sprout" in found["found"]) == ("warn", False)


def test_another_machine_than_declared_is_found_out(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "host.yaml").write_text("format: 1\nhost: thor\n")
    _only(monkeypatch, "declarations", "board", "l4t")
    found = findings(ask(world, "--json"))
    assert [finding["verdict"] for finding in found.values()] == ["ok", "fail", "fail"]
    assert "not agx-thor, because" in found["board"]["found"]


@pytest.mark.parametrize("broken", ["fleet/fleet.yaml", "host.yaml", "fleet/roles/operator.yaml"])
def test_bad_declarations_stop_no_check(world: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    (world / broken).write_text("format: one\n")
    _only(monkeypatch, "declarations", "board", "l4t", "memory", "disk", "clock")
    result = ask(world, "--json")
    found = findings(result)
    assert result.exit_code == 8
    assert found["declarations"]["verdict"] == "fail"
    assert Path(broken).name in found["declarations"]["found"]
    assert {found[name]["verdict"] for name in ("memory", "disk", "clock")} <= {"ok", "warn"}


def test_without_any_fleet_there_is_still_something_to_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _only(monkeypatch, "declarations", "board", "memory", "exchange")
    result = CliRunner().invoke(command, ["--json"])
    found = findings(result)
    assert [finding["verdict"] for finding in found.values()] == ["fail", "skipped", "ok", "skipped"]


def test_the_token_is_drawn_from_the_hosts_own_model_where_it_is_here(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay, mind = world / "fleet" / "overlays" / "seedling.yaml", ModelRef("qwen2.5-0.5b/introspective:v2.1-q8_0")
    overlay.write_text(overlay.read_text().replace("sage/seedling:q8_0", mind))
    monkeypatch.setattr(probes, "token", lambda ref, *_, **__: probes.Token(ref, 1, 0.5))
    _only(monkeypatch, "models", "token")
    found = findings(ask(world, "--json"))
    assert found["token"]["found"] == "sage/seedling:q8_0 drew a token in 0.50 s"
    assert found["models"]["verdict"] == "fail"
    store = Store(world / "models")
    shelving.fill(store, shelving.FILES, world / "parts")
    listing = shelving.manifest(ref=mind)
    store.put(listing)
    write_lock(world / "fleet", {mind: LockedModel(listing.digest())})
    found = findings(ask(world, "--json"))
    assert found["token"]["found"] == f"{mind} drew a token in 0.50 s"
    assert found["models"]["found"].startswith(f"{mind}, sage/seedling:q8_0 can be resolved, ")
    store.blob(listing.files[0].digest).unlink()
    found = findings(ask(world, "--json"))
    assert found["models"]["found"].startswith(f"{mind} lacks model.gguf; sage/seedling:q8_0 can be resolved, ")
    assert found["models"]["remedy"] == f"sage-edge model prepare {mind}"


def test_a_check_that_breaks_is_a_result(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_(here: ThisMachine, of: str) -> int:
        raise ZeroDivisionError("of all things")

    odd: HostCheck[ThisMachine, int] = HostCheck("odd", Fact("odd", break_), always(By(_fine)))
    _only(monkeypatch, "board")
    monkeypatch.setattr(machine_checks, "CHECKS", (odd, *machine_checks.CHECKS))
    found = findings(ask(world, "--json"))
    assert found["odd"]["found"] == "the check broke: ZeroDivisionError: of all things"
    assert found["board"]["verdict"] == "ok"


def _fine(value: object) -> CheckJudgement:
    return CheckJudgement("ok", f"{value}")


def test_an_exchange_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "EXCHANGE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        said = probes.exchange(f"git://127.0.0.1:{mute.getsockname()[1]}/hub.git")
    assert said.refusal is not None
    assert said.refusal.message.endswith("hub.git does not answer: no end within 0.5 s")


def test_a_child_that_dies_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_TORCH", "import os; os.kill(os.getpid(), 11)")
    assert probes.torch_kernel().refusal == "it was ended by signal 11"
    monkeypatch.setattr(probes, "_TORCH", "raise RuntimeError('no kernel image is available')")
    assert probes.torch_kernel().refusal == "RuntimeError: no kernel image is available"


def test_the_room_itself_loads_nothing_heavy() -> None:
    program = "import sys, sage_edge.cli.doctor; print(sorted({'torch', 'llama_cpp', 'fabric'} & set(sys.modules)))"
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    kept = tuple(check for check in machine_checks.CHECKS if check.name in names)
    monkeypatch.setattr(machine_checks, "CHECKS", kept)
