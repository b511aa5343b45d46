"""How much memory a process really takes that opens a model in our engine and speaks until its context is full.

`python -m tests.models.inspect.peak STORE REF CONTEXT [SHELF]` prints the peak of a fresh process: VmHWM, in bytes. It
has loaded what the agent loads, opened the model as a session does, and read and drawn as many tokens as fit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sage_edge.cli import agent
from sage_edge.engines import Deadline, Draw, Message, Settings
from sage_edge.engines.errors import ContextOverflow
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.inspect.memory import BATCH_TOKENS
from sage_edge.models.resolve import Library, ResolvedModel, resolve
from sage_edge.names import ModelRef
from sage_edge.sampling import Sampling

ROOT = Path(__file__).parents[3]
_DRAWN = 8
"""Tokens of the reply, each drawn from a context that is all but full."""

__all__ = ["agent", "measured"]


def measured(ref: ModelRef, context: int, store: Path, shelf: Path | None = None) -> int:
    """Return the peak resident bytes of such a process. store: where models are. shelf: instead of it."""
    words = [sys.executable, "-W", "ignore", "-m", __name__, str(store), ref, str(context)]
    done = subprocess.run(
        [*words, *([str(shelf)] if shelf else [])], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def _fill(model: ResolvedModel, context: int) -> None:
    engine = LlamaCpp(Settings(context_tokens=context, batch_tokens=BATCH_TOKENS, threads=1, gpu_layers=0))
    engine.load(model)
    sampling = Sampling(temperature=0.2, top_p=0.9, top_k=40, min_p=0.0, repeat_penalty=1.1, max_tokens=_DRAWN)
    words = context
    while True:
        said = [Message("user", " ".join(("sun", "tree", "bird")[number % 3] for number in range(words)))]
        try:
            reply = engine.reply(said, Draw(sampling, seed=1), Deadline(3_600))
        except ContextOverflow as over:
            words = int(words * (context - 2 * _DRAWN) / over.needs_tokens) - 1
        else:
            break
    assert reply.prompt_tokens > 0.95 * context, f"{reply.prompt_tokens} of {context} tokens were read"
    engine.close()


def _peak() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """The child's part."""
    store, ref, context, *shelf = sys.argv[1:]
    name = ModelRef(ref)
    model = resolve(name, (Path(shelf[0]),)) if shelf else Library(ROOT / "fleet", Path(store)).resolve(name)
    _fill(model, int(context))
    print(_peak())


if __name__ == "__main__":
    main()
