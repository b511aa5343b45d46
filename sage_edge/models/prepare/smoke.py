"""The smoke test of a finished model: does it answer at all, through a chat template that holds what is said?

Not whether what it says is any good: a model that answers with its end-of-turn token alone has still spoken.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from sage_edge import files, sizes
from sage_edge.hints import sage
from sage_edge.models.errors import SmokeFailed, TemplateUnfaithful
from sage_edge.models.inspect import gguf_model, voice
from sage_edge.models.prepare import merge, own_prompts
from sage_edge.models.prompt import probes
from sage_edge.models.prompt.prompt_text import rendered
from sage_edge.models.prompt.template import ChatTemplate
from sage_edge.models.sandbox import run_limited
from sage_edge.names import Digest, ModelRef

_MESSAGES = [("system", "You are a small language model."), ("user", "Hello")]
_MOST = 6
_CONTEXT = 256
_TIMEOUT_S = 600.0
_ROOM = 6 << 30
"""Address space beside the model: libraries, and buffers that are reserved and not touched."""
_ANOTHER = ("take another file of it, or convert it again; see: ", sage("model inspect", "PATH"))

MODEL_KEY = "sage.model_ref"
"""Metadata by which a file that we converted says what it is."""


@dataclass(frozen=True)
class SmokeResult:
    """What the file said of itself, and what it answered to `Hello` when drawing the likeliest token each time.

    faults: where what it speaks with is missing, wrong, or otherwise once it is loaded; see `inspect/voice_rules.py`.
    """

    name: str
    ref: str | None
    template: Digest | None
    prompt_tokens: int
    answer_tokens: int
    finite: bool
    text: str
    unfaithful: str = ""
    """Why its template does not hold what is said; empty when it does."""
    faults: tuple[str, ...] = ()


def ask(model: Path, what: str, *, stop: threading.Event | None = None) -> SmokeResult:
    """Open a GGUF file (or a transformers folder) in a child process with limits, and let it answer.

    what: how to call it. stop: ends it. Raises ModelWorkInterrupted then, and SmokeFailed when it does not open,
    crashes, hangs or wants more memory than such a file can need.
    """
    words = (sys.executable, "-m", "sage_edge.models.prepare.smoke", str(model))
    paths = [model] if model.is_file() else list(model.iterdir())
    most = _ROOM + 3 * sum(path.stat().st_size for path in paths)
    done = run_limited(words, wall_s=_TIMEOUT_S, cpu_s=4 * _TIMEOUT_S, memory_bytes=most, stop=stop, env=merge.QUIET)
    if done.code == -signal.SIGVTALRM:
        raise TemplateUnfaithful(f"it computes for longer than {sizes.duration(own_prompts.MOST_S)}", what=what)
    if not done.is_good:
        raise SmokeFailed(f"{what} does not run: {done.why}", hint=_ANOTHER)  # its header was looked at before
    answer = json.loads(done.out.splitlines()[-1])
    template = Digest(answer["template"]) if answer["template"] else None
    return SmokeResult(**{**answer, "template": template, "faults": tuple(answer["faults"])})


def judge(smoke: SmokeResult, ref: ModelRef, template: Digest | None, *, own: bool) -> None:
    """Raise SmokeFailed unless the file is the one meant. template: as the card pins it. own: we converted the file."""
    if smoke.template is None:  # llama-cpp-python would silently take the llama-2 format (facts §3.2)
        raise SmokeFailed(
            f"{ref} carries no chat template ({voice.TEMPLATE})", hint="convert it again with its tokenizer"
        )
    if smoke.unfaithful:
        raise TemplateUnfaithful(smoke.unfaithful, what=ref)
    if template is not None and smoke.template != template:
        raise SmokeFailed(
            f"the chat template of {ref} has digest {smoke.template}, its card says {template}",
            hint="look at the template, then mend chat_template in the card",
        )
    if smoke.faults:
        raise SmokeFailed(
            f"{ref} is no model to speak with: {'; '.join(smoke.faults)}",
            hint=_ANOTHER,
        )
    if own and (smoke.name, smoke.ref) != (ref, ref):
        raise SmokeFailed(f"{ref} calls itself {smoke.name!r:.80}", hint=sage("model prepare", ref))
    if not smoke.finite or smoke.answer_tokens == 0:
        why = "logits that are no numbers" if not smoke.finite else "no token"
        raise SmokeFailed(f"{ref} answers with {why}", hint="its weights are damaged, or made for another architecture")


def _answer(model: Path) -> SmokeResult:
    import numpy as np

    reading = merge.TransformersModel(model) if model.is_dir() else gguf_model.GgufModel(model, _CONTEXT)
    template, unfaithful = reading.template, ""
    prompt: list[int] = []
    if template:
        signal.setitimer(signal.ITIMER_VIRTUAL, own_prompts.MOST_S)
        try:
            chat = ChatTemplate(template, bos=reading.ends[0], eos=reading.ends[1])
            probes.check(chat)
            prompt = reading.tokens(rendered(chat, _MESSAGES).text)[: _CONTEXT - _MOST]
        except TemplateUnfaithful as unfit:
            unfaithful = unfit.why
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    drawn: list[int] = []
    finite = True
    while prompt and finite and len(drawn) < _MOST and (not drawn or drawn[-1] != reading.end):
        last = reading.logits(prompt + drawn)[-1]
        finite = bool(np.isfinite(last).all())
        drawn.append(int(last.argmax()))
    return SmokeResult(
        name=reading.metadata.get("general.name", ""),
        ref=reading.metadata.get(MODEL_KEY),
        template=files.digest(template.encode()) if template else None,
        prompt_tokens=len(prompt),
        answer_tokens=len(drawn),
        finite=finite,
        text=reading.text(drawn),
        unfaithful=unfaithful,
        faults=() if isinstance(reading, merge.TransformersModel) else reading.faults,
    )


def _main() -> int:
    sys.stdout.write(json.dumps(asdict(_answer(Path(sys.argv[1])))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
