"""The whole model road, with real parts: a hub, a base and an adapter, PEFT, llama.cpp's converter, and a session."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.models.inspect.gguf_model import metadata
from sage_edge.models.lock import LockedModel, read_lock
from sage_edge.models.resolve import Library
from tests.cli import world as worlds
from tests.cli.world import World
from tests.models import tiny
from tests.models.hub_server import HubServer
from tests.models.tiny import Tiny

ROOT = Path(__file__).parents[3]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A base and an adapter made by transformers and PEFT."""
    return tiny.make(tiny.shared_folder(tmp_path_factory))


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two hosts with an empty store; the converter's sdist was fetched before."""
    world = worlds.make(tmp_path)
    store = world.models.parent / "store"
    store.mkdir()
    (store / "tools").symlink_to(tiny.tools(tiny.shared_folder(tmp_path_factory)))
    return World(world.stage, store)


def prepare(world: World, hub: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `sage-edge model prepare` on Sprout."""
    env = world.environment("sprout", HF_ENDPOINT=hub)
    command = [sys.executable, "-m", "sage_edge", "model", "prepare", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=600)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_from_the_hub_to_a_session(world: World, made: Tiny) -> None:
    with HubServer() as hub:
        base, adapter = hub.add("tiny/base", contents(made.base)), hub.add("tiny/adapter", contents(made.adapter))
        sources = {"hub": f"tiny/base@{base}"}, {"hub": f"tiny/adapter@{adapter}"}
        tiny.declare(world.stage.fleet, tiny.cards(*sources, base_weights=made.base_weights))
        dry = prepare(world, hub.endpoint, tiny.REF, "--dry-run")
        assert (dry.returncode, hub.requests) == (0, [])
        done = prepare(world, hub.endpoint, tiny.REF)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(dry.stdout)
    assert "8/8 lock tiny/introspective:v1-q8_0" in done.stderr
    assert "measured: converted: 200/200 texts tokenised alike, " in done.stdout
    _is_what_it_should_be(world)
    assert prepare(world, "http://127.0.0.1:9", tiny.REF).stdout == (
        "tiny/introspective:v1-q8_0 is prepared; nothing is missing\n"
    )
    settings = {"model": str(tiny.REF), "engine": {"threads": 1}, "sampling": {"max_tokens": 8}}
    world.overlay({"hosts": {"sprout": settings}})
    session = world.run("sprout", "session", "run")
    assert session.returncode == 0, session.stderr
    head = world.journal("P001")[0]["head"]
    assert head["model"]["ref"] == tiny.REF
    assert head["model"]["digest"] == Library(world.stage.fleet, world.models).resolve(tiny.REF).digest


def _is_what_it_should_be(world: World) -> None:
    library = Library(world.stage.fleet, world.models)
    model = library.resolve(tiny.REF, deep=True)
    manifest = library.store.manifest(tiny.REF)
    assert manifest is not None
    locked = read_lock(world.stage.fleet)
    assert locked[tiny.REF] == LockedModel(manifest.digest())
    assert set(locked) - set(read_lock(ROOT / "fleet")) == {tiny.REF, tiny.BASE}
    told = metadata(model.path)
    assert (told["general.name"], told["sage.model_ref"], told["general.file_type"]) == (tiny.REF, tiny.REF, "7")
    assert told["tokenizer.ggml.pre"] == "qwen2"
    exact, quantised = (manifest.made_by[f"measured: {what}"] for what in ("converted", "quantised"))
    assert "200/200 texts tokenised alike" in exact
    assert "200/200 texts tokenised alike" in quantised
    agreeing, _, positions = exact.split(", ")[1].split(" ")[0].partition("/")
    assert int(agreeing) >= 0.99 * int(positions) > 64
    for tool in ("torch", "transformers", "peft", "llama-cpp-python", "converter"):
        assert manifest.made_by[tool]


@pytest.mark.parametrize("precision", ["f16", "f32"])
def test_without_quantising_it_is_the_same_model(world: World, made: Tiny, precision: str) -> None:
    sources = {"directory": str(made.base)}, {"directory": str(made.adapter)}
    changes = {"steps": ["merge", "convert"], "quantisation": precision, "base_weights": made.base_weights}
    tiny.declare(world.stage.fleet, tiny.cards(*sources, **changes))
    done = prepare(world, "http://127.0.0.1:9", tiny.REF)
    assert done.returncode == 0, done.stderr
    assert "measured: converted: 200/200 texts tokenised alike" in done.stdout


def test_a_merged_folder_is_asked_too(world: World, made: Tiny) -> None:
    sources = {"directory": str(made.base)}, {"directory": str(made.adapter)}
    changes = {"steps": ["merge"], "container": "safetensors", "base_weights": made.base_weights}
    tiny.declare(world.stage.fleet, tiny.cards(*sources, **changes))
    done = prepare(world, "http://127.0.0.1:9", tiny.REF)
    assert done.returncode == 0, done.stderr
    assert "measured: smoke: " in done.stdout


def test_markup_that_takes_the_line_end_behind_it_is_no_gguf(world: World, made: Tiny, tmp_path: Path) -> None:
    """As Phi-3's does (`rstrip`): all 200 texts have the same tokens, and every prompt has others."""
    base = tmp_path / "base"
    shutil.copytree(made.base, base)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        text = (base / name).read_text("utf-8").replace("<|im_start|>", "<|turn|>")
        (base / name).write_text(text, "utf-8")
    words = json.loads((base / "tokenizer.json").read_text("utf-8"))
    words["added_tokens"][1]["rstrip"] = True
    (base / "tokenizer.json").write_text(json.dumps(words), "utf-8")
    config = json.loads((base / "tokenizer_config.json").read_text("utf-8"))
    del config["extra_special_tokens"]
    config["added_tokens_decoder"] = {str(word.pop("id")): word for word in words["added_tokens"]}
    (base / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    (base / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ '<|turn|>\\n' + m.role + ': ' + m.content + '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|turn|>\\nassistant: ' }}{% endif %}",
        "utf-8",
    )
    changes = {
        "steps": ["convert"],
        "quantisation": "f32",
        "base": ...,
        "adapter": ...,
        "source": {"directory": str(base)},
    }
    tiny.declare(world.stage.fleet, tiny.cards({"directory": str(made.base)}, {}, **changes))
    done = prepare(world, "http://127.0.0.1:9", tiny.REF)
    assert done.returncode == 8
    assert "converted: 200/200 texts tokenised alike" in done.stderr
    assert "reads the prompts of its own template with other tokens, first '<|turn|>\\nsystem: " in done.stderr


def test_sprouts_mind_without_a_network(world: World) -> None:
    done = prepare(world, "http://127.0.0.1:9", "qwen2.5-0.5b/introspective:v2.1-q8_0", "--yes")
    assert done.returncode == 4
    for step in ("fetch", "import", "merge", "convert", "quantise", "parity", "smoke", "lock"):
        assert f"\n{step:<8}  " in done.stdout
    assert "8 steps, " in done.stdout.splitlines()[-1]
    assert "error: cannot reach the hub at http://127.0.0.1:9" in done.stderr
    assert " next: " in done.stderr
