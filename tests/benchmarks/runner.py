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
SETTINGS = Settings(context_tokens=4096, batch_tokens=128, threads=1, gpu_layers=0)
"""One thread, as the overlays for machines without a GPU declare: on a busy machine a second one stalls both sides."""
SYSTEM = (
    "Your name is Sage. You are a young mind that learns by talking with a teacher. You may begin an answer with your "
    "name. Answer in one to three short sentences. If you do not know something, say so.\n"
    "At the end of the last session you said: I want to keep the colour of the leaves and the sound of the rain.\n"
    "Earlier you said of yourself: I am Sage, and I am still learning how to look at things."
)
PROMPT = "Question {number}: tell me a story of several sentences about a river, a stone and the number {number}."


@dataclass(frozen=True)
class Round:
    """Seconds that one session took on each side, tokens drawn on each, and what ours recorded."""

    ours_s: float
    bare_s: float
    ours_tokens: int
    bare_tokens: int
    same_replies: int
    transcript: Transcript

    @property
    def ratio(self) -> float:
        """Our seconds for a token drawn, over the bare loop's."""
        return self.ours_s / self.ours_tokens / (self.bare_s / self.bare_tokens)


@dataclass(frozen=True)
class Subject:
    """What our side conducts its sessions with."""

    engine: Engine
    model: ResolvedModel
    sampling: Sampling
    journals: Path


def rounds(model: ResolvedModel, sampling: Sampling, folder: Path, count: int) -> Iterator[Round]:
    """Yield `count` rounds, alternating which side goes first. Models stay loaded; each session starts cold."""
    engine = open_engine("llamacpp", SETTINGS)
    engine.load(model)
    bare = _llama(model)
    subject = Subject(engine, model, sampling, folder)
    _ours(subject, "warm-up")
    _bare(bare, sampling)
    for number in range(count):
        if number % 2:
            bare_s, bare_tokens, said = _bare(bare, sampling)
            ours_s, kept = _ours(subject, str(number))
        else:
            ours_s, kept = _ours(subject, str(number))
            bare_s, bare_tokens, said = _bare(bare, sampling)
        same = sum(turn.reply == text for turn, text in zip(kept.turns, said, strict=True))
        drawn = sum(turn.completion_tokens for turn in kept.turns)
        yield Round(ours_s, bare_s, drawn, bare_tokens, same, kept)
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


def _ours(subject: Subject, name: str) -> tuple[float, Transcript]:
    journal = Journal(subject.journals / name, SessionId("P001"))
    stage = TurnContext(subject.engine, SystemClock(), threading.Event(), deadline_s=600.0)
    subject.engine.load(subject.model)  # a cold context for every session, as on the bare side
    began = time.perf_counter()
    journal.claim(_head(subject))
    transcript = conduct(journal, stage)
    return time.perf_counter() - began, transcript


def _bare(llm: Any, sampling: Sampling) -> tuple[float, int, list[str]]:
    """Seconds, tokens drawn and replies of the bare loop."""
    llm.reset()
    llm._ctx.kv_cache_clear()
    talk = [{"role": "system", "content": SYSTEM}]
    said: list[str] = []
    tokens = 0
    began = time.perf_counter()
    for number in range(TURNS):
        talk.append({"role": "user", "content": PROMPT.format(number=number + 1)})
        answer = llm.create_chat_completion(
            talk,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            max_tokens=sampling.max_tokens,
            seed=turn_seed(SEED, number, 1),
        )
        said.append(answer["choices"][0]["message"]["content"].strip())
        tokens += answer["usage"]["completion_tokens"]
        talk.append({"role": "assistant", "content": said[-1]})
    return time.perf_counter() - began, tokens, said


def _head(subject: Subject) -> Head:
    engine, model = subject.engine, subject.model
    steps = tuple(Step(kind="prompt", prompt=PROMPT.format(number=n + 1)) for n in range(TURNS))
    return Head(
        session=SessionId("P001"),
        host=HostName("desk"),
        role=RoleName("practitioner"),
        mind="Sage",
        board=Slug("cpu"),
        release="benchmark",
        model=ModelId(ref=model.ref, digest=model.digest),
        engine=EngineId(name=Slug(engine.name), version=engine.version, settings=SETTINGS.as_json()),
        sampling=subject.sampling,
        seed=SEED,
        intervention=Intervention(name=Slug("observe"), version=1, parameters={}),
        lesson=Lesson(curriculum=Digest("sha256:" + "0" * 64), unit="benchmark", system=SYSTEM, steps=steps),
        slot=None,
        started=datetime.now(timezone.utc),
        time_source="system",
    )
