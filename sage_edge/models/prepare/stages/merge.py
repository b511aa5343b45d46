"""The stage `merge`: an adapter merged into its base, and held against both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.hints import sage
from sage_edge.models.card import ModelCard, stem
from sage_edge.models.errors import AdapterWithoutBase, DigestMismatch, ModelError
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import base_names, estimates
from sage_edge.models.prepare.stage import MEASURED, ModelStage, StageCost, StepStage, part_ref

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class MergeStage(StepStage):
    """Base and adapter become one model, in f32."""

    name, part = "merge", "merged"
    takes, gives = "safetensors", "safetensors"
    is_new_model = True

    @classmethod
    def inputs_from(cls, last: ModelStage, card: ModelCard) -> tuple[ModelStage, ...]:
        """Return the base and the adapter."""
        from sage_edge.models.prepare.stages import SOURCES

        source = card.adapter
        return (last, SOURCES[type(source)](card, part_ref(card.ref, "adapter"), source=source))

    @classmethod
    def faults(cls, card: ModelCard) -> Iterator[tuple[str, str]]:
        is_merged = any(step.name == cls.name for step in card.steps)
        if is_merged and (card.base is None or card.adapter is None):
            yield "steps", "merge needs a base and an adapter"
        if not is_merged and card.adapter is not None:
            yield "adapter", "given, but no step merges it"

    def recipe_words(self) -> tuple[str | None, ...]:
        return (self.card.base_weights,)

    def accepts(self, manifest: Manifest) -> bool:
        """Whether it is what would be made, and was held against base and adapter; older merges were not."""
        return super().accepts(manifest) and f"{MEASURED}{self.part}" in manifest.made_by

    @property
    def peak_memory_bytes(self) -> int:
        """Everything in f32, and 1 GB beside."""
        return 4 * self.card.parameters + 1_000_000_000

    def estimate(self, home: Path) -> StageCost:
        return estimates.product(self.card, 4.0, "in f32, held against base and adapter", ns_each=230)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        """Merge, hold the outcome against base and adapter, and keep what that measured with it."""
        from sage_edge.models.inspect.adapter_base import where_it_points
        from sage_edge.models.prepare import adapter_words, merge, merge_proof, own_files, products

        base, adapter = self.needs
        store = context.store
        lora = own_files.view(products.needed(adapter, context), store, folder / "adapter")
        manifest = store.manifest(base)
        if manifest is None or store.missing(manifest):
            pointed = where_it_points(lora / "adapter_config.json")
            raise AdapterWithoutBase(base, pointed, hint=sage("model prepare", base))
        _require_own_base(self.card, manifest)
        if remark := base_names.judge(base_names.named(lora), self.card, context.cards):
            context.log(f"  {remark}")
        whole = own_files.view(manifest, store, folder / "base")
        adapter_words.require_fit(whole, lora)
        report = merge.merge(whole, lora, folder / "merged", stop=context.stop)
        for warning in report.warnings:
            context.log(f"  PEFT warns: {warning}")
        proof = merge_proof.measure(
            whole, lora, folder / "merged", folder / "rows", threads=context.threads, stop=context.stop
        )
        context.log(f"  {self.part}: {proof}")
        merge_proof.judge(proof, f"{self.card.ref} ({self.part})")
        listed = products.keep_all(store, folder / "merged")
        tools = {**report.tools, f"{MEASURED}{self.part}": str(proof)}
        return products.put(self, context, listed, container="safetensors", tools=tools)


def _require_own_base(card: ModelCard, base: Manifest) -> None:
    actual = base.weights_digest()
    if card.base_weights is None:
        raise ModelError(
            f"{card.ref} does not say which weights of {base.ref} its adapter belongs to",
            hint=(
                f"if it is these, write `base_weights: {actual}` into fleet/models/{stem(card.ref)}.yaml, then: ",
                sage("model prepare", card.ref),
            ),
        )
    if actual != card.base_weights:
        raise DigestMismatch(
            f"the base {base.ref}",
            card.base_weights,
            actual,
            said_by=f"the card of {card.ref}",
            hint=("an adapter is merged into its own base and no other: ", sage("model show", base.ref)),
        )
