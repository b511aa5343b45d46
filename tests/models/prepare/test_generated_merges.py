"""Adapters as they may come: each is merged and measured equal, or refused by name; no other ending."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from sage_edge.models.errors import ModelError, ParityFailed
from tests.examples import draw
from tests.models.prepare.peft_adapters import TinyBase, adapter_folder, base_folder, proven

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
MERGES = pytest.mark.parametrize(
    "examples", [pytest.param(30, marks=pytest.mark.slow), pytest.param(1_000, marks=pytest.mark.full)]
)
"""Fewer than elsewhere, because each makes, loads and asks three models; what is judged by its header draws more."""

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "embed_tokens", "lm_head"]
BASES = st.builds(
    TinyBase, st.sampled_from(["llama", "qwen2"]), st.booleans(), st.sampled_from([1, 2]), st.sampled_from([32, 64])
)
TOKENS = st.lists(st.integers(0, 799), min_size=1, max_size=4, unique=True)
NAMES = st.sampled_from(MODULES[:7])
SETTINGS = st.fixed_dictionaries(
    {
        "r": st.integers(1, 8),
        "lora_alpha": st.integers(1, 16),
        "target_modules": st.lists(st.sampled_from(MODULES), min_size=1, max_size=4, unique=True),
    },
    optional={
        "use_dora": st.booleans(),
        "use_rslora": st.booleans(),
        "lora_bias": st.booleans(),
        "bias": st.sampled_from(["none", "all", "lora_only"]),
        "fan_in_fan_out": st.booleans(),
        "ensure_weight_tying": st.booleans(),
        "init_lora_weights": st.sampled_from([True, False, "gaussian", "orthogonal", "eva", "mica", "olora", "pissa"]),
        "rank_pattern": st.dictionaries(NAMES, st.integers(1, 8), max_size=2),
        "alpha_pattern": st.dictionaries(NAMES, st.integers(1, 16), max_size=2),
        "modules_to_save": st.lists(st.sampled_from(["norm", "embed_tokens", "lm_head", "up_proj"]), max_size=2),
        "trainable_token_indices": TOKENS
        | st.dictionaries(st.sampled_from(["embed_tokens", "lm_head"]), TOKENS, min_size=1),
        "layers_to_transform": st.just([0]),
    },
)
REFUSALS = (
    "both change (tie_word_embeddings)",
    "because the base layer has no bias",
    "was trained beside a rewritten base",
    "token_adapter.base_layer.weight, of which its config does not speak",  # tokens of an embedding saved whole
    "PEFT refuses: ",
)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bases are made, each once."""
    return tmp_path_factory.mktemp("bases")


def refusal_of(base: Path, adapter: Path, scratch: Path) -> str | None:
    """Merge, and return the words in which that is refused; a merge that measures otherwise fails the test."""
    try:
        assert proven(base, adapter, scratch).max_logit_difference <= 1e-3
    except ParityFailed:
        raise
    except ModelError as refusal:
        return refusal.message
    return None


@MERGES
def test_an_adapter_is_measured_equal_or_refused_by_name(examples: int, bases: Path) -> None:
    def check(base: TinyBase, settings: dict[str, Any], seed: int) -> None:
        folder = base_folder(bases, base)
        with tempfile.TemporaryDirectory(dir=bases) as scratch:
            try:
                adapter = adapter_folder(folder, Path(scratch) / "adapter", 0.05, seed, **settings)
            except (ValueError, TypeError, NotImplementedError, RuntimeError, KeyError, AttributeError):
                assume(False)  # PEFT makes no such adapter
            reason = refusal_of(folder, adapter, Path(scratch))
            assert reason is None or any(known in reason for known in REFUSALS), reason

    draw(examples, check, BASES, SETTINGS, st.integers(1, 9))
