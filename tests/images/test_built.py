"""Our images as they are built: small, without rights, for one role alone, and the same wherever they are made."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sage_edge.image import differences
from sage_edge.image.errors import ImagesDiffer
from sage_edge.models.resolve import SHIPPED
from tests.images.building import ROOT, build, built, copied, inspect, layers, linked, order, run, snapshot, thrown_away
from tests.models import shelving
from tests.models.shelving import REF, SHARDS

pytestmark = pytest.mark.docker

FLEET = f"--volume={ROOT / 'fleet'}:/srv/sage/fleet:ro"


def card(host: str) -> str:
    """The flag that hands a laptop's card to a container."""
    return f"--volume={ROOT / 'compose' / 'laptop' / f'{host}.yaml'}:/etc/sage/host.yaml:ro"


@pytest.mark.parametrize("name", ["sprout", "thor"])
def test_an_image_says_what_it_is_and_has_no_rights(name: str) -> None:
    image = built(name)
    config = inspect(image)["Config"]
    labels = config["Labels"]
    role, board = ("practitioner", "orin-nano") if name == "sprout" else ("researcher", "agx-thor")
    assert (labels["sage.role"], labels["sage.board"], labels["sage.platform"]) == (role, board, "cpu")
    assert labels["sage.model"] == ("sage/seedling:q8_0" if name == "sprout" else "")
    assert labels["sage.model.digest"].startswith("sha256:") == (name == "sprout")
    assert labels["org.opencontainers.image.title"] == f"sage-edge for a {role}"
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/usr/bin/tini", "--", "sage-edge"]
    assert config["Healthcheck"]["Test"] == ["CMD", "sage-healthy"]
    said = run(image, "-c", "id -u; touch /srv/sage/models/x", entry="sh")
    assert said.stdout == "10001\n"
    assert "Read-only file system" in said.stderr


@pytest.mark.parametrize("name", ["sprout", "thor"])
def test_an_image_holds_what_its_host_needs_and_nothing_that_reaches_out(name: str) -> None:
    names = "torch fabric invoke huggingface_hub scipy llama_cpp uvicorn fastapi"
    code = f"import importlib.util as u; print(*(n for n in '{names}'.split() if u.find_spec(n)))"
    said = run(built(name), "-c", code, entry="/opt/sage/bin/python3")
    own = ["llama_cpp"] if name == "sprout" else ["scipy", "llama_cpp", "uvicorn", "fastapi"]
    assert said.stdout.split() == own, said.stderr


@pytest.mark.parametrize("name", ["sprout", "thor"])
def test_it_generates_a_token_inside(name: str) -> None:
    said = run(built(name), entry="sage-smoke", flags=(FLEET,))
    told = json.loads(said.stdout)
    assert (said.returncode, told["ok"], told["model"], told["tokens"]) == (0, True, "sage/seedling:q8_0", 1)


def test_an_image_that_cannot_generate_says_why(tmp_path: Path) -> None:
    said = run(
        built("sprout"),
        entry="sage-smoke",
        flags=(f"--volume={SHIPPED / 'headers'}:/opt/model:ro", FLEET, "--env=SAGE_IMAGE_CARD=/etc/sage/none.yaml"),
    )
    assert said.returncode != 0
    assert "none.yaml" in said.stderr


@pytest.mark.parametrize(("name", "host"), [("thor", "sprout"), ("sprout", "thor")])
@pytest.mark.parametrize("words", [("agent", "run"), ("agent", "once"), ("session", "run")])
def test_with_another_hosts_card_it_does_nothing_and_exits_3(name: str, host: str, words: tuple[str, ...]) -> None:
    said = run(built(name), *words, flags=(FLEET, card(host)))
    assert said.returncode == 3
    if words[0] == "agent":
        assert f"error: this image was not made for {host}: it is for a " in said.stderr
        assert f"next: at the workstation: invoke image.build --host {host}" in said.stderr


def test_on_a_board_with_a_gpu_a_cpu_image_is_refused(tmp_path: Path) -> None:
    """The card says orin-nano; the board's files are there as compose mounts them, the processor apart."""
    said = run(built("sprout"), "agent", "run", flags=(FLEET, f"--volume={tmp_path / 'host.yaml'}:/etc/sage/host.yaml"))
    assert said.returncode != 0
    (tmp_path / "host.yaml").rmdir()  # Docker has made a folder of the path that was not there
    (tmp_path / "host.yaml").write_text("format: 1\nhost: sprout\n", "utf-8")
    said = run(built("sprout"), "agent", "run", flags=(FLEET, f"--volume={tmp_path / 'host.yaml'}:/etc/sage/host.yaml"))
    assert said.returncode == 3
    assert "this machine is not sprout, whose board is orin-nano" in said.stderr


def test_it_is_not_healthy_before_it_has_lived() -> None:
    said = run(built("thor"), entry="sage-healthy")
    assert said.returncode == 1
    assert "no heartbeat" in said.stderr


@pytest.mark.full
def test_a_change_of_code_moves_one_layer_of_a_few_megabytes(tmp_path: Path) -> None:
    root = copied(tmp_path)
    with (root / "sage_edge" / "agent" / "loop.py").open("a", encoding="utf-8") as code:
        code.write("\n# a change\n")
    before = built("sprout")
    with thrown_away(build(root, order("sprout", fresh=True, owner="sage-test-changed"))) as after:
        new = {digest: size for digest, size in layers(after).items() if digest not in layers(before)}
        with pytest.raises(ImagesDiffer) as differ:
            differences.require_equal(before.id, after.id, tmp_path)
    assert len(new) == 1
    assert 0 < sum(new.values()) <= 0.05 * before.bytes
    assert all("/steps/program" in line for line in differ.value.where)
    assert any(re.search(r"/sage_edge/agent/loop\.py: another size, content$", line) for line in differ.value.where)


@pytest.mark.full
def test_a_baked_model_is_a_layer_for_each_shard_and_can_be_read(tmp_path: Path) -> None:
    library = shelving.library(tmp_path / "here", SHARDS, container="safetensors")
    (tmp_path / "root").mkdir()
    wanted = order("thor", bake=(REF,), owner="sage-test-baked")
    with thrown_away(build(linked(tmp_path / "root", snapshot()), wanted, library.fleet, library.store.root)) as image:
        assert len(layers(image)) == len(layers(built("thor"))) + 3, "two shards, and the rest with the manifest"
        assert inspect(image)["Config"]["Labels"]["sage.model"] == REF
        code = (
            "import os; from pathlib import Path; from sage_edge.models.resolve import Library; "
            f"m = Library(Path('/srv/sage/fleet'), Path('/srv/sage/models')).resolve('{REF}', deep=True); "
            "print(sorted(p.name for p in m.path.iterdir()), {oct(p.stat().st_mode) for p in m.path.iterdir()}, "
            "os.access(next(m.path.iterdir()), os.W_OK))"
        )
        said = run(
            image, "-c", code, entry="/opt/sage/bin/python3", flags=(f"--volume={library.fleet}:/srv/sage/fleet:ro",)
        )
        assert said.stdout == f"{sorted(SHARDS)} {{'0o100444'}} False\n", said.stderr
