"""What a card says of a model, held against what its files say: the third column of the table in `voice_rules`.

A card may promise less context than the file has, and count its parameters with or without a matrix of embeddings;
everything else is the same or refused. Kinds of numbers are compared once a model is finished: what a step is made
from is of another kind by intent.
"""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge.models.card import ModelCard
from sage_edge.models.inspect import mixture, shapes, voice_rules
from sage_edge.models.inspect.ggml_types import FILE_TYPES
from sage_edge.models.inspect.report import InspectReport
from sage_edge.models.inspect.voice import Voice

_FLOATS = {"f32": "F32", "f16": "F16", "fp16": "F16", "bf16": "BF16"}
"""A card's word → the kind of tensors in safetensors."""


def differences(report: InspectReport, card: ModelCard, *, is_finished: bool) -> tuple[str, ...]:
    """Return where a card and the files that it is about disagree, one sentence each.

    is_finished: these files are the model of that name, and not what it is made from.
    """
    speech = report.voice
    context = min(card.context_length, speech.context or card.context_length)
    wanted = Voice(context=None if context == card.context_length else card.context_length)
    sentences = [*voice_rules.differences(speech, wanted, "its file", "its card"), *_parameters(report, card)]
    if is_finished:
        sentences += [*_kinds(report, card)]
    return tuple(sentences)


def _parameters(report: InspectReport, card: ModelCard) -> Iterator[str]:
    known = report.dimensions
    count = None if known is None else shapes.parameters(known)
    if known is not None and count is not None and abs(count - card.parameters) > known.vocabulary * known.hidden:
        yield f"the number of parameters is {count:,} in its file, {card.parameters:,} in its card"


def _kinds(report: InspectReport, card: ModelCard) -> Iterator[str]:
    is_gguf, wanted, has = report.container == "gguf", card.quantisation, report.quantisation
    if is_gguf and wanted in FILE_TYPES.values() and has is not None and has != wanted:
        yield f"its quantisation is {has} in its file, {wanted} in its card"
    if not is_gguf and (kind := _FLOATS.get(wanted or "")) and report.mixture and kind not in report.mixture:
        yield f"its numbers are {mixture.text(report.mixture)} in its file, {wanted} in its card"
    if is_gguf and card.mixture is not None and report.mixture != card.mixture:
        yield f"its tensors are {mixture.text(report.mixture)}; its card says {mixture.text(card.mixture)}"
    if is_gguf and card.mixture is None and report.fallen:
        few = ", ".join(report.fallen[:3])
        yield (
            f"{len(report.fallen)} of its matrices ({few}) are not what {has} means: rows of their width fell back; "
            f"its tensors are {mixture.text(report.mixture)}, and its card says no mixture"
        )
