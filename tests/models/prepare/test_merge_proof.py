"""MergeProof: what is near enough, and in which words it is told and refused."""

from __future__ import annotations

import math

import pytest

from sage_edge.models.errors import ParityFailed
from sage_edge.models.prepare import merge_proof
from sage_edge.models.prepare.merge_proof import MergeProof


@pytest.mark.parametrize("near", [0.0, 2e-6, 1e-3])
def test_what_is_near_passes(near: float) -> None:
    merge_proof.judge(MergeProof(64, 900, near), "it")


@pytest.mark.parametrize("far", [1.1e-3, 6.4])
def test_what_is_far_is_refused(far: float) -> None:
    with pytest.raises(ParityFailed) as refused:
        merge_proof.judge(MergeProof(64, 900, far), "it")
    assert refused.value.message == (
        f"it is {far:.2g} away in logits from its base with the adapter unmerged, 0.001 is allowed"
    )
    assert (refused.value.code, bool(refused.value.hint)) == (8, True)


@pytest.mark.parametrize("far", [math.inf, math.nan])
def test_no_number_is_refused_and_blames_nobody(far: float) -> None:
    with pytest.raises(ParityFailed, match="it or its base with the adapter unmerged answers with NaN or infinite"):
        merge_proof.judge(MergeProof(64, 900, far), "it")


def test_a_proof_reads_as_one_line() -> None:
    assert str(MergeProof(64, 956, 1.4e-6)) == (
        "64 prompts, 956 tokens, max logit difference 1.4e-06 from base and adapter unmerged"
    )
