"""Proves a merge: what was written answers as its base does with the adapter beside it, unmerged, as PEFT runs it.

Both read the 64 prompts of `parity_prompts`. The base is loaded anew for it, in a process of its own: an adapter that
changes the base while it is loaded, or draws by chance, shows. One model is held at a time; the rows of the first wait
in files, a few hundred MB for a vocabulary of 150,000.

    rows/0.npy … 63.npy        f32, (tokens, vocabulary), of the merged model
"""

from __future__ import annotations

import json
import math
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from sage_edge.errors import CommandFailed, StorageError
from sage_edge.hints import sage
from sage_edge.models import sandbox
from sage_edge.models.errors import CannotMerge, ParityFailed
from sage_edge.models.prepare import merge, merge_refusal, parity_prompts

FARTHEST_LOGITS = 1e-3
"""Sums in another order differ by 1e-6 to 1e-5; anything else that a merge does otherwise, by far more."""
_LONGEST = 256
_TIMEOUT_S = 7_200.0
_REFUSED, _NO_ROOM = 3, 4


@dataclass(frozen=True)
class MergeProof:
    """How far a merged model is from its base with the adapter beside it, at all tokens of the prompts; logits."""

    prompts: int
    positions: int
    max_logit_difference: float

    def __str__(self) -> str:
        return (
            f"{self.prompts} prompts, {self.positions} tokens, max logit difference {self.max_logit_difference:.1e} "
            "from base and adapter unmerged"
        )


def measure(
    base: Path, adapter: Path, merged: Path, rows: Path, *, threads: int = 1, stop: threading.Event | None = None
) -> MergeProof:
    """Hold a merged folder against its base and adapter. rows: a folder to be made, for what waits. stop: ends it.

    Raises CannotMerge where one of them cannot be opened or read, StorageError, CommandFailed, ModelWorkInterrupted.
    """
    rows.mkdir()
    folders = (str(base), str(adapter), str(merged), str(rows))
    words = (sys.executable, "-m", "sage_edge.models.prepare.merge_proof", str(threads), *folders)
    room = sandbox.room_for(base, adapter, merged)
    done = sandbox.work(words, wall_s=_TIMEOUT_S, memory_bytes=room, stop=stop, env=merge.QUIET)
    if done.code == _REFUSED:
        raise merge_refusal.read(done.complaint)
    if done.code == _NO_ROOM:
        raise StorageError(str(rows), done.complaint.splitlines()[-1])
    if done.code != 0:
        raise CommandFailed(words[1:], done.code, done.complaint or done.text)
    return MergeProof(**json.loads(done.text.splitlines()[-1]))


def judge(proof: MergeProof, what: str) -> None:
    """Raise ParityFailed unless a merged model may pass for its base and adapter."""
    if not math.isfinite(proof.max_logit_difference):
        raise ParityFailed(
            f"{what} or its base with the adapter unmerged answers with NaN or infinite logits",
            hint="nothing was kept; take an adapter whose numbers its base can bear, in f32",
        )
    if proof.max_logit_difference > FARTHEST_LOGITS:
        raise ParityFailed(
            f"{what} is {proof.max_logit_difference:.2g} away in logits from its base with the adapter unmerged, "
            f"{FARTHEST_LOGITS:g} is allowed",
            hint="nothing was kept; take an adapter that is plain LoRA on matrices which the base does not share",
        )


# --- inside the process of its own ---


def _work(threads: int, base: Path, adapter: Path, merged: Path, rows: Path) -> MergeProof:
    import numpy as np

    read = _save_rows(merged, rows, threads)
    original = merge.AdaptedModel(base, adapter, threads)
    farthest = 0.0
    for number, tokens in enumerate(read):
        gap = np.abs(original.logits(tokens) - np.load(rows / f"{number}.npy")).max()
        farthest = float(np.maximum(farthest, gap))  # keeps NaN
    return MergeProof(len(read), sum(map(len, read)), farthest)


def _save_rows(merged: Path, rows: Path, threads: int) -> list[list[int]]:
    """Write what the merged model says after each token of each prompt, and return the tokens."""
    import numpy as np

    model = merge.TransformersModel(merged, threads)
    read = [model.tokens(prompt)[:_LONGEST] for prompt in parity_prompts.PROMPTS]
    last = max(max(tokens) for tokens in read)
    if last >= model.vocabulary:
        raise CannotMerge(
            f"the tokenizer makes token {last} of {model.vocabulary} that the model knows",
            hint=("take the base with the tokenizer that is its own, then: ", sage("model prepare", "REF")),
        )
    for number, tokens in enumerate(read):
        np.save(rows / f"{number}.npy", model.logits(tokens))
    return read


def _main() -> int:
    try:
        proof = _work(int(sys.argv[1]), *map(Path, sys.argv[2:]))
    except CannotMerge as refusal:
        sys.stderr.write(merge_refusal.line(refusal))
        return _REFUSED
    except OSError as full:
        sys.stderr.write(f"{full.strerror}\n")
        return _NO_ROOM
    sys.stdout.write(json.dumps(asdict(proof)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
