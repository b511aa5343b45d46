"""`sage-edge fleet check`: what one declaration names, another declares; every fault at once, with file and key."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.engines import registry
from tests import fault_lines

FLEET = Path(__file__).parents[2] / "fleet"
SPROUTS = "qwen2.5-0.5b/introspective:v2.1-q8_0"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the declarations, to be spoilt."""
    monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
    return Path(shutil.copytree(FLEET, tmp_path / "fleet"))


def check() -> Result:
    """Type `sage-edge fleet check`."""
    return CliRunner().invoke(main, ["fleet", "check"])


def refused(*faults: str) -> tuple[int, str]:
    """The exit code and the words of a refusal with these faults."""
    return 2, "error: " + "\n       ".join(faults) + "\n next: mend the file, then: sage-edge fleet check\n"


def said(result: Result) -> tuple[int, str]:
    """The exit code and everything on stderr."""
    return result.exit_code, result.stderr


def lined(result: Result) -> tuple[int, str]:
    """The same without the lines that each fault must name."""
    code, words = said(result)
    return code, fault_lines.without(words)


def edit(path: Path, old: str, new: str) -> None:
    """Change one place of a declaration."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_the_shipped_declarations_hold_together(fleet: Path) -> None:
    done = check()
    assert done.exit_code == 0, done.output
    assert f", {len(list((FLEET / 'models').glob('*.yaml')))} models, " in done.stdout


def test_a_host_whose_model_has_no_card(fleet: Path) -> None:
    edit(fleet / "hosts" / "sprout.yaml", f"model: {SPROUTS}", "model: qwen2.5-0.5b/introspective:v2.2-q8_0")
    assert lined(check()) == refused(
        "fleet/hosts/sprout.yaml: model: no card in fleet/models declares qwen2.5-0.5b/introspective:v2.2-q8_0; "
        f"is {SPROUTS} meant?"
    )


def test_a_host_whose_model_is_like_no_other(fleet: Path) -> None:
    edit(fleet / "hosts" / "sprout.yaml", f"model: {SPROUTS}", "model: x/y:z")
    for path in (fleet / "models").glob("*.yaml"):
        if path.name not in ("sage_seedling_q8_0.yaml", "smollm2-135m_instruct_q4_1.yaml"):
            path.unlink()
    assert lined(check()) == refused(
        "fleet/hosts/sprout.yaml: model: no card in fleet/models declares x/y:z; there are: sage/seedling:q8_0, "
        "smollm2-135m/instruct:q4_1"
    )


def test_an_engine_of_no_known_kind(fleet: Path) -> None:
    edit(fleet / "hosts" / "sprout.yaml", "kind: llamacpp", "kind: lamacpp")
    assert lined(check()) == refused(
        "fleet/hosts/sprout.yaml: engine.kind: no engine of the kind lamacpp; is llamacpp meant?"
    )


def test_an_engine_under_an_overlay_and_its_options(fleet: Path) -> None:
    edit(fleet / "overlays" / "cpu.yaml", "    engine:\n", "    engine:\n      kind: onnx\n")
    edit(fleet / "hosts" / "sprout.yaml", "kind: llamacpp", "kind: llamacpp\n  options: {url: here}")
    assert lined(check()) == refused(
        "fleet/hosts/sprout.yaml: engine.options.url: unknown key",
        "fleet/overlays/cpu.yaml: hosts.sprout.engine.kind: no engine of the kind onnx; there are: "
        + ", ".join(sorted(registry.KINDS)),
    )


def test_an_endpoint_that_would_be_asked_in_the_clear(fleet: Path) -> None:
    edit(fleet / "hosts" / "sprout.yaml", "kind: llamacpp", "kind: openai\n  options: {url: http://thor:8000}")
    assert lined(check()) == refused(
        "fleet/hosts/sprout.yaml: engine.options.url: http is for this machine alone: "
        "a token and what is said would be open to all; use https"
    )


def test_a_card_whose_model_lies_on_a_host_that_is_none(fleet: Path) -> None:
    edit(fleet / "models" / "qwen3-omni-30b_instruct_fp4.yaml", "{host: thor}", "{host: tor}")
    assert said(check()) == refused(
        "fleet/models/qwen3-omni-30b_instruct_fp4.yaml: source.host: no host named tor; is thor meant?"
    )


def test_the_faults_of_hosts_cards_and_lock_come_together(fleet: Path) -> None:
    edit(fleet / "hosts" / "thor.yaml", "role: researcher", "role: reader")
    edit(fleet / "models" / "phi-2_base_fp16.yaml", "format: 1", "format: 2")
    (fleet / "models.lock").write_text("format 2\n")
    code, told = said(check())
    assert code == 2
    places = [line.removeprefix("error: ").strip().rpartition(": ")[0] for line in told.splitlines()[:-1]]
    assert [place.split(": ")[0] for place in places] == [
        "fleet/hosts/thor.yaml",
        "fleet/models.lock",
        "fleet/models/phi-2_base_fp16.yaml",
    ]


def test_a_claim_about_a_scorer_that_is_not_there(fleet: Path) -> None:
    edit(fleet / "claims.yaml", "      x: raising/1 d5-disjoint\n", "      x: raising/7 d5-disjoint\n")
    assert lined(check()) == refused("fleet/claims.yaml: claims.d5-d9-coupling.correct.x: no scorer raising/7")


def test_a_trial_that_does_not_hold_together_and_an_agenda_without_it(fleet: Path) -> None:
    path = fleet / "trials" / "name-anchoring.yaml"
    edit(path, "name: named\n    intervention: identity-anchored", "name: named\n    intervention: obey")
    edit(path, "    inserts: true ", "    inserts: false ")
    edit(fleet / "roles" / "researcher.yaml", "trial: name-anchoring", "trial: something")
    code, words = lined(check())
    assert code == 2
    assert "fleet/trials/name-anchoring.yaml: arms[1]: no intervention obey v2 is declared" in words
    assert "fleet/roles/researcher.yaml: agenda[0].trial: no trial named 'something'; there are: " in words


@pytest.mark.parametrize(
    "name",
    [
        "fleet.yaml",
        "claims.yaml",
        "models.lock",
        "allowed_signers",
        "hosts/sprout.yaml",
        "roles/researcher.yaml",
        "models/sage_seedling_q8_0.yaml",
        "curriculum/kinds.yaml",
        "curriculum/phases/sensing.yaml",
        "trials/exemplars.yaml",
        "overlays/cpu.yaml",
    ],
)
@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
def test_what_is_no_plain_file_is_a_fault_and_nobody_waits_for_it(fleet: Path, name: str, what: str) -> None:
    path = fleet / name
    path.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    code, words = said(check())
    assert code == 2
    assert f"fleet/{name}" in words or "/dev/zero" in words
    assert "cannot be read: " in words or "no plain file" in words
