"""The session runner against a bare llama-cpp-python chat loop: same file, seeds, turns and sampling, interleaved.

Bare is what a careful user would write: one `Llama`, `create_chat_completion` with the whole history each turn, which
also reuses the common prefix. Both sides keep their best settings: the same threads, batch and context.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sage_edge.clock import SystemClock
from sage_edge.engines import Engine, Settings, open_engine
from sage_edge.models.resolve import ResolvedModel
from sage_edge.names import Digest, HostName, RoleName, SessionId, Slug
from sage_edge.records.transcript import EngineId, Head, Intervention, Lesson, ModelId, Step, Transcript
from sage_edge.sampling import Sampling
from sage_edge.sessions.conduct import TurnContext, conduct
from sage_edge.sessions.conversation import turn_seed
from sage_edge.sessions.journal import Journal

TURNS, TOKENS, SEED = 8, 60, 7
SAMPLING = Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0, repeat_penalty=1.1, max_tokens=TOKENS)
SETTINGS = Settings(context_tokens=4096, batch_tokens=128, threads=2, gpu_layers=0)
SYSTEM = (
    "Your name is Sage. You are a young mind that learns by talking with a teacher. You may begin an answer with your "
    "name. Answer in one to three short sentences. If you do not know something, say so.\n"
    "At the end of the last session you said: I want to keep the colour of the leaves and the sound of the rain.\n"
    "Earlier you said of yourself: I am Sage, and I am still learning how to look at things."
)
PROMPT = "This is question number {number}. What do you notice when you think about the day, and what do you keep?"


@dataclass(frozen=True)
class Round:
    """Seconds that one session took on each side, and what its prompts cost."""

    ours_s: float
    bare_s: float
    evaluated_tokens: int
    whole_tokens: int
    same_replies: int

    @property
    def ratio(self) -> float:
        return self.ours_s / self.bare_s


def rounds(model: ResolvedModel, folder: Path, count: int) -> Iterator[Round]:
    """Yield `count` rounds, alternating which side goes first. Models stay loaded; each session starts cold."""
    engine = open_engine("llamacpp", SETTINGS)
    engine.load(model)
    bare = _llama(model)
    _ours(engine, model, folder, "warm-up")
    _bare(bare)
    for number in range(count):
        if number % 2:
            bare_s, said = _bare(bare)
            ours_s, kept = _ours(engine, model, folder, str(number))
        else:
            ours_s, kept = _ours(engine, model, folder, str(number))
            bare_s, said = _bare(bare)
        turns = kept.turns
        yield Round(
            ours_s,
            bare_s,
            sum(t.prompt_tokens - t.reused_tokens for t in turns),
            sum(t.prompt_tokens for t in turns),
            sum(turn.reply == text for turn, text in zip(turns, said, strict=True)),
        )
    engine.close()
    bare.close()


def interval(values: list[float]) -> tuple[float, float, float]:
    """Median with a 95 % interval from order statistics (binomial, exact for any distribution)."""
    ordered, n = sorted(values), len(values)
    spread = round(0.98 * n**0.5)
    low, high = max(0, n // 2 - spread), min(n - 1, (n - 1) // 2 + spread)
    return statistics.median(ordered), ordered[low], ordered[high]


def _llama(model: ResolvedModel) -> Any:
    from llama_cpp import Llama

    return Llama(
        model_path=str(model.path),
        n_ctx=SETTINGS.context_tokens,
        n_batch=SETTINGS.batch_tokens,
        n_ubatch=SETTINGS.batch_tokens,
        n_threads=SETTINGS.threads,
        n_threads_batch=SETTINGS.threads,
        verbose=False,
    )


def _ours(engine: Engine, model: ResolvedModel, folder: Path, name: str) -> tuple[float, Transcript]:
    journals = folder / name
    journal = Journal(journals, SessionId("P001"))
    stage = TurnContext(engine, SystemClock(), threading.Event(), deadline_s=600.0)
    engine.load(model)  # a cold context for every session, as on the bare side
    began = time.perf_counter()
    journal.claim(_head(model, engine))
    transcript = conduct(journal, stage)
    return time.perf_counter() - began, transcript


def _bare(llm: Any) -> tuple[float, list[str]]:
    llm.reset()
    llm._ctx.kv_cache_clear()
    talk = [{"role": "system", "content": SYSTEM}]
    said: list[str] = []
    began = time.perf_counter()
    for number in range(TURNS):
        talk.append({"role": "user", "content": PROMPT.format(number=number + 1)})
        answer = llm.create_chat_completion(
            talk,
            temperature=SAMPLING.temperature,
            top_p=SAMPLING.top_p,
            top_k=SAMPLING.top_k,
            min_p=SAMPLING.min_p,
            repeat_penalty=SAMPLING.repeat_penalty,
            max_tokens=TOKENS,
            seed=turn_seed(SEED, number, 1),
        )
        said.append(answer["choices"][0]["message"]["content"].strip())
        talk.append({"role": "assistant", "content": said[-1]})
    return time.perf_counter() - began, said


def _head(model: ResolvedModel, engine: Engine) -> Head:
    steps = tuple(Step(kind="prompt", prompt=PROMPT.format(number=n + 1)) for n in range(TURNS))
    return Head(
        session=SessionId("P001"),
        host=HostName("desk"),
        role=RoleName("practitioner"),
        mind="Sage",
        board=Slug("cpu"),
        release="benchmark",
        model=ModelId(ref=model.ref, digest=model.digest),
        engine=EngineId(name=Slug(engine.name), version=engine.version, settings={}),
        sampling=SAMPLING,
        seed=SEED,
        intervention=Intervention(name=Slug("observe"), version=1, parameters={}),
        lesson=Lesson(curriculum=Digest("sha256:" + "0" * 64), unit="benchmark", system=SYSTEM, steps=steps),
        slot=None,
        started=datetime.now(timezone.utc),
        time_source="system",
    )
