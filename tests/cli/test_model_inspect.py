"""`inspect PATH` as a person sees it: rows on stdout, the refusal as an error, one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli.model_inspect import inspect
from sage_edge.errors import UsageError
from sage_edge.models.errors import AdapterWithoutBase, DoesNotFit, ModelError, ModelIncomplete
from sage_edge.models.prompt import template_limits
from tests.models import building

SEEDLING = Path(__file__).parents[2] / "sage_edge" / "models" / "seedling" / "seedling.gguf"
MODEL = {
    "config.json": {"config": {"of": "qwen2"}},
    "tokenizer.json": {"tokenizer": {}},
    "model.safetensors": {"safetensors": {"of": "qwen2"}},
}


def ask(*words: str) -> Result:
    return CliRunner().invoke(inspect, list(words))


def test_a_whole_model_on_a_board() -> None:
    answer = ask(str(SEEDLING), "--board", "orin-nano", "--context", "1024", "--architecture", "qwen2")
    assert answer.exit_code == 0, answer.output
    assert "complete" in answer.output
    assert "qwen2 · gguf · q8_0" in answer.output
    assert "with 1024 tokens: weights 2.94 MB + KV cache 2.10 MB + scratch" in answer.output
    assert "fits orin-nano, which has 6.50 GB" in answer.output


@pytest.mark.parametrize(
    ("kind", "shown"), [(30, "iq4_xs"), (38, "mxfp4_moe"), (40, "q1_0"), (41, "q2_0"), (None, "26 F32"), (99, "26 F32")]
)
def test_a_quantisation_is_shown_by_its_name_or_as_what_its_tensors_hold(
    kind: int | None, shown: str, tmp_path: Path
) -> None:
    folder = building.plant(tmp_path, {"m.gguf": {"gguf": {"set": {"general.file_type": kind}}}})
    assert f"qwen2 · gguf · {shown}\n" in ask(str(folder)).output


@pytest.mark.parametrize(
    ("says", "noted"),
    [
        ("float16", False),
        ("torch.float16", False),
        ("auto", False),
        (None, False),
        ("bfloat16", True),
        ("\x1b[2Jint", True),
    ],
)
def test_numbers_are_named_as_the_tensors_hold_them(says: str | None, noted: bool, tmp_path: Path) -> None:
    config = {"config": {"of": "qwen2", "torch_dtype": says}}
    answer = ask(str(building.plant(tmp_path, {**MODEL, "config.json": config})))
    assert "qwen2 · safetensors · float16\n" in answer.output
    shown = (says or "").replace("\x1b", "")
    assert (f"noted  most of its numbers are float16, config.json says {shown}\n" in answer.output) == noted


def test_a_context_beyond_the_models_own_is_noted(tmp_path: Path) -> None:
    ggufs: list[dict[str, Any]] = [{"m.gguf": {"gguf": {"family": family}}} for family in ("qwen2", "mamba")]
    for number, tree in enumerate((MODEL, *ggufs)):
        folder = building.plant(tmp_path / str(number), tree)
        note = "129 tokens are asked for, it was made for 128: beyond them it says nonsense"
        answers = [ask(str(folder), "--context", str(tokens)) for tokens in (128, 129)]
        assert [answer.exit_code for answer in answers] == [0, 0]
        assert [note in " ".join(answer.output.split()) for answer in answers] == [False, True]
        noted = json.loads(ask(str(folder), "--context", "129", "--json").stdout)["content"]["noted"]
        assert note in noted


def test_one_json_document(tmp_path: Path) -> None:
    answer = ask(str(building.plant(tmp_path, MODEL)), "--json")
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    assert document["schema"] == "sage-edge/inspection/1"
    content = document["content"]
    assert (content["verdict"], content["architecture"], content["weights"]) == (
        "complete",
        "qwen2",
        ["model.safetensors"],
    )
    assert content["memory_bytes"] > content["weight_bytes"] > 0


def test_an_incomplete_one_is_shown_and_then_refused(tmp_path: Path) -> None:
    folder = building.plant(tmp_path / "merged", {name: MODEL[name] for name in list(MODEL)[:2]})
    answer = ask(str(folder))
    assert "partial" in answer.stdout
    assert isinstance(answer.exception, ModelIncomplete)
    assert answer.exception.message == "merged lacks model.safetensors"


@pytest.mark.parametrize(("base", "refused"), [("Qwen/Qwen2.5-0.5B-Instruct", False), ("./final_model", True)])
def test_an_adapter_is_well_if_its_base_has_a_name(base: str, refused: bool, tmp_path: Path) -> None:
    config = {"config": {"of": "adapter", "base_model_name_or_path": base}}
    tree = {"adapter_config.json": config, "adapter_model.safetensors": {"safetensors": {"of": "adapter"}}}
    answer = ask(str(building.plant(tmp_path, tree)))
    assert "adapter-only" in answer.stdout
    assert isinstance(answer.exception, AdapterWithoutBase) == refused


LOOPS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (
            "{% for turn in messages %}<s>{{ turn.role }}{{ turn.content[:9] }}{% endfor %}<s>assistant",
            "changes what was",
        ),
        (LOOPS, "it computes for longer than"),
        ("{{ 'a' * 99999999999 }}", "it makes something of more than"),
        ("{% for turn in messages %}<s>{{ turn.role }}\n{{ turn.content }}{% endfor %}<s>assistant\n", None),
    ],
)
def test_a_template_that_nobody_can_be_spoken_to_by_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, why: str | None
) -> None:
    monkeypatch.setattr(template_limits, "MOST_S", 0.1)
    words = {"tokenizer_config.json": {"json": {"chat_template": template}}}
    answer = ask(str(building.plant(tmp_path, {**MODEL, **words})))
    assert answer.exit_code == 0, answer.output
    said = "its chat template does not hold what is said, so it cannot conduct a session: "
    assert (said in answer.stdout) == (why is not None)
    assert (why or "complete") in answer.stdout


def test_one_that_does_not_fit_its_board(tmp_path: Path) -> None:
    tree = {**MODEL, "config.json": {"config": {"of": "qwen2", "max_position_embeddings": 1 << 24}}}
    answer = ask(str(building.plant(tmp_path / "wide", tree)), "--board", "orin-nano")
    assert isinstance(answer.exception, DoesNotFit)
    assert "does not fit orin-nano" in answer.stdout


def test_a_board_that_is_not_declared(tmp_path: Path) -> None:
    answer = ask(str(tmp_path), "--board", "abacus")
    assert isinstance(answer.exception, UsageError)
    assert (
        answer.exception.message
        == "no board named 'abacus'; there are: agx-thor, cpu, orin-nano, sim-agx-thor, sim-orin-nano"
    )


def test_llama_cpp_is_asked_on_request() -> None:
    pytest.importorskip("llama_cpp")
    answer = ask(str(SEEDLING), "--native")
    assert answer.exit_code == 0
    assert "llama.cpp  opens it" in answer.output


def test_names_of_strangers_do_not_reach_the_terminal(tmp_path: Path) -> None:
    answer = ask(str(building.plant(tmp_path / "m\x1b[2J", {"evil\x1b[2J.bin": {"text": "x"}})))
    assert "\x1b" not in answer.stdout
    assert isinstance(answer.exception, ModelError)
    assert answer.exception.message.isprintable()
