"""Compares a converted file with its original: tokens, likeliest tokens, logits, divergence.

Both sides read the same texts (`parity_prompts`), and prompts of the original's own template (`own_prompts`), in one
process of its own; positions are all tokens of the 64 prompts.
For f32 and f16 the likeliest token must agree at 99 % of the positions at least. A quantised file is another model by
intent: its distance is measured as the Kullback-Leibler divergence from the original, in nats, and reported.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sage_edge import sizes
from sage_edge.errors import CommandFailed
from sage_edge.models import sandbox
from sage_edge.models.errors import ParityFailed, TemplateUnfaithful
from sage_edge.models.inspect import gguf_model, voice_rules
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.voice import Voice
from sage_edge.models.prepare import merge, own_prompts, parity_prompts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AGREEMENT = 0.99
FARTHEST_NATS = 1.0
"""A mean divergence above this is damage and no quantisation: Q4_0 of a 0.5B model lies below 0.2."""
_CONTEXT = 256
_TIMEOUT_S = 7_200.0


class ComparedModel(Protocol):
    """A model that tells its tokens and its logits, one row per token."""

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        ...

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Return one row of logits per token."""
        ...


@dataclass(frozen=True)
class ParityResult:
    """How two models compare. Logits have no unit, divergences are in nats; `differing` are texts with other tokens.

    ends: where a reply ends in one of them only, one sentence for each such token. numberless: positions at which one
    of them answers with what is no number; none of those agrees, and the differences are then no numbers, either.
    misread: prompts of the original's own template that have other tokens.
    """

    texts: int
    differing: tuple[str, ...]
    positions: int
    agreeing: int
    max_logit_difference: float
    mean_kl_nats: float
    max_kl_nats: float
    ends: tuple[str, ...] = ()
    numberless: int = 0
    misread: tuple[str, ...] = ()

    @property
    def agreement(self) -> float:
        """The share of positions at which both hold the same token likeliest."""
        return self.agreeing / self.positions if self.positions else 0.0

    def __str__(self) -> str:
        return (
            f"{self.texts - len(self.differing)}/{self.texts} texts tokenised alike, "
            f"{self.agreeing}/{self.positions} likeliest tokens equal, max logit difference "
            f"{self.max_logit_difference:.1e}, KL mean {self.mean_kl_nats:.1e} max {self.max_kl_nats:.1e} nats"
        )


def compare(
    reference: Path, candidates: Sequence[Path], *, threads: int = 1, stop: threading.Event | None = None
) -> tuple[ParityResult, ...]:
    """Hold models against the one that they were made from, each a GGUF file or a transformers folder; one result each.

    In a process of its own, whose memory ends with it: all the models, and a few rows of logits. stop: ends it.
    Raises CommandFailed, ModelWorkInterrupted, TemplateUnfaithful where the template of the first computes without end.
    """
    words = (
        sys.executable,
        "-m",
        "sage_edge.models.prepare.parity",
        str(threads),
        str(reference),
        *map(str, candidates),
    )
    room = sandbox.room_for(reference, *candidates)
    done = sandbox.work(words, wall_s=_TIMEOUT_S, memory_bytes=room, stop=stop, env=merge.QUIET)
    if done.code == -signal.SIGVTALRM:
        raise TemplateUnfaithful(f"it computes for longer than {sizes.duration(own_prompts.MOST_S)}")
    if done.code != 0:
        raise CommandFailed(words[1:], done.code, done.complaint or done.text)
    rows = json.loads(done.text.splitlines()[-1])
    lists = ("differing", "ends", "misread")
    return tuple(ParityResult(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows)


def judge(parity: ParityResult, what: str, *, exact: bool) -> None:
    """Raise ParityFailed unless a file may pass for its original. `exact`: it is f32 or f16, not quantised."""
    if parity.differing:
        raise ParityFailed(
            f"{what} tokenises {len(parity.differing)} of {parity.texts} texts differently, "
            f"first {parity.differing[0]!r:.60}",
            hint="the converter took another tokenizer for it; nothing was kept",
        )
    if parity.misread:
        raise ParityFailed(
            f"{what} reads the prompts of its own template with other tokens, first {parity.misread[0]!r:.80}",
            hint="the original's tokenizer takes white space beside its markup (rstrip, lstrip), or cuts what stands "
            "behind it, as no GGUF does: take another model; nothing was kept",
        )
    if parity.ends:
        raise ParityFailed(
            f"{what} ends elsewhere: {'; '.join(parity.ends)}",
            hint="let eos_token in the original's tokenizer_config.json, and eos_token_id in its config.json and "
            "generation_config.json, name the same token; nothing was kept",
        )
    if parity.numberless:
        raise ParityFailed(
            f"{what} or its original answers with no numbers at {parity.numberless} of {parity.positions} places",
            hint="nothing was kept; a weight of the original is no number, or larger than its new kind of number",
        )
    if not parity.mean_kl_nats <= FARTHEST_NATS:  # so written, NaN is refused too
        raise ParityFailed(
            f"{what} is {parity.mean_kl_nats:.2g} nats from its original on average, {FARTHEST_NATS:g} are allowed",
            hint="nothing was kept; quantise less, or look for damage in the original",
        )
    if exact and parity.agreement < AGREEMENT:
        raise ParityFailed(
            f"{what} holds another token likeliest at {parity.positions - parity.agreeing} of {parity.positions} "
            f"places; {AGREEMENT:.0%} must agree",
            hint="nothing was kept; the converter does not know this architecture well enough",
        )


def measure(
    reference: ComparedModel,
    candidates: Sequence[ComparedModel],
    texts: Sequence[str],
    prompts: Sequence[str],
    own: Sequence[str] = (),
) -> tuple[ParityResult, ...]:
    """Compare models with one original in this process, prompt by prompt; the original reads each prompt once.

    own: prompts of the original's template, of which only the tokens are compared.
    """
    tallies = [_Tally() for _ in candidates]
    for prompt in prompts:
        tokens = reference.tokens(prompt)[:_CONTEXT]
        original = reference.logits(tokens)
        for candidate, tally in zip(candidates, tallies, strict=True):
            tally.add(original, candidate.logits(tokens))
    known, asked = ([(text, reference.tokens(text)) for text in those] for those in (texts, own))
    return tuple(
        replace(tally.total(len(texts), _misread(candidate, known)), misread=_misread(candidate, asked))
        for candidate, tally in zip(candidates, tallies, strict=True)
    )


def _misread(candidate: ComparedModel, known: Sequence[tuple[str, list[int]]]) -> tuple[str, ...]:
    """Return the texts that have other tokens in a candidate."""
    return tuple(text for text, tokens in known if candidate.tokens(text) != tokens)


class _Tally:
    """What comparing has found so far."""

    def __init__(self) -> None:
        self._agreeing, self._numberless = 0, 0
        self._gaps: list[float] = []
        self._divergences: list[float] = []

    def add(self, ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> None:
        """Count one prompt: a row of logits per token, from the original and from the candidate."""
        import numpy as np

        for row, other in zip(ours, theirs, strict=True):
            if not (np.isfinite(row).all() and np.isfinite(other).all()):
                self._numberless += 1
                continue
            self._agreeing += int(row.argmax() == other.argmax())
            self._gaps.append(float(abs(row - other).max()))
            self._divergences.append(_divergence(row, other))

    def total(self, texts: int, differing: tuple[str, ...]) -> ParityResult:
        """Return everything counted; of positions without numbers, only how many there are."""
        farthest, mean, worst = max(self._gaps, default=0.0), 0.0, max(self._divergences, default=0.0)
        if self._divergences:
            mean = sum(self._divergences) / len(self._divergences)
        if self._numberless:
            farthest = mean = worst = math.nan
        positions = len(self._gaps) + self._numberless
        return ParityResult(
            texts, differing, positions, self._agreeing, farthest, mean, worst, numberless=self._numberless
        )


def _divergence(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> float:
    """KL(ours || theirs) in nats, from logits; in f64, because it is a small difference of large numbers."""
    import numpy as np

    def logs(row: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        wide = row.astype(np.float64) - float(row.max())
        return np.asarray(wide - np.log(np.exp(wide).sum()))

    p, q = logs(ours), logs(theirs)
    return max(0.0, float((np.exp(p) * (p - q)).sum()))


def _main() -> int:
    threads, reference = int(sys.argv[1]), Path(sys.argv[2])
    original = _opened(reference, threads)
    candidates = [_opened(Path(path), threads) for path in sys.argv[3:]]
    own = own_prompts.of(original)
    results = measure(original, candidates, parity_prompts.STRINGS, parity_prompts.PROMPTS, own)
    source = _voice(original, reference)
    heard = [_voice(candidate, Path(path)) for candidate, path in zip(candidates, sys.argv[3:], strict=True)]
    judged = [
        replace(result, ends=ends(source, voice, original, candidate))
        for result, voice, candidate in zip(results, heard, candidates, strict=True)
    ]
    sys.stdout.write(json.dumps([asdict(result) for result in judged]) + "\n")
    return 0


def ends(source: Voice, voice: Voice, original: ComparedModel, candidate: ComparedModel) -> tuple[str, ...]:
    """Say where replies of two models end otherwise; a folder is held against a file, whichever came first."""
    if isinstance(original, gguf_model.GgufModel) and not isinstance(candidate, gguf_model.GgufModel):
        return voice_rules.other_ends(voice, source)
    return voice_rules.other_ends(source, voice)


def _voice(model: ComparedModel, path: Path) -> Voice:
    if isinstance(model, gguf_model.GgufModel):
        return replace(model.speech, ends=model.ending_tokens)
    return classify(path).voice


def _opened(path: Path, threads: int) -> merge.TransformersModel | gguf_model.GgufModel:
    if path.is_dir():
        return merge.TransformersModel(path, threads)
    return gguf_model.GgufModel(path, _CONTEXT, threads)


if __name__ == "__main__":
    sys.exit(_main())
