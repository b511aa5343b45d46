"""The card tells the truth about the file beside it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml

from sage_edge.models.inspect import gguf_model
from sage_edge.models.resolve import SHIPPED
from tools.seedling.recipe import CHAT_TEMPLATE, REF

FOLDER = SHIPPED / "seedling"


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "card.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def metadata() -> dict[str, str]:
    return gguf_model.metadata(FOLDER / "seedling.gguf")


def test_the_digest_and_the_size_are_those_of_the_file(card: dict[str, Any]) -> None:
    data = (FOLDER / card["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == card["sha256"]
    assert len(data) == card["size_bytes"]


def test_the_seedling_is_small_enough_to_commit(card: dict[str, Any]) -> None:
    assert card["size_bytes"] <= 8_000_000
    assert 2_000_000 <= card["parameters"] <= 8_000_000


def test_the_file_says_what_the_card_says(card: dict[str, Any], metadata: dict[str, str]) -> None:
    assert metadata["general.architecture"] == card["architecture"] == "qwen2"
    assert metadata["general.name"] == "sage seedling"
    assert metadata["sage.model_ref"] == card["ref"] == REF
    assert metadata["qwen2.context_length"] == str(card["context_length"])
    assert float(metadata["qwen2.rope.freq_base"]) == card["recipe"]["rope_theta"]
    assert metadata["general.file_type"] == "7"  # Q8_0


def test_the_tokenizer_ends_answers_and_adds_nothing(metadata: dict[str, str]) -> None:
    assert metadata["tokenizer.ggml.pre"] == "qwen2"
    assert metadata["tokenizer.ggml.add_bos_token"] == "false"  # noqa: S105 (a key, not a secret)
    assert metadata["tokenizer.ggml.eos_token_id"] == "2"  # noqa: S105 (a key, not a secret)


def test_the_template_is_the_one_on_the_card(card: dict[str, Any], metadata: dict[str, str]) -> None:
    assert metadata["tokenizer.chat_template"] == CHAT_TEMPLATE
    assert hashlib.sha256(CHAT_TEMPLATE.encode()).hexdigest() == card["chat_template_sha256"]


def test_the_loss_fell(card: dict[str, Any]) -> None:
    first, last = card["loss_curve"][0], card["loss_curve"][-1]
    assert last[2] < first[2] / 2
    assert last[0] <= card["recipe"]["steps"]


def test_the_card_says_that_it_is_a_toy(card: dict[str, Any]) -> None:
    assert "toy" in card["what_it_is"]
    assert "No stand-in for Qwen2.5-0.5B" in card["what_it_is_not"]
