"""`invoke bench.engines`: what the gateway costs: time beside plain httpx2 to the same server, and memory while idle.

Alone: `python -m tests.benchmarks.engines [--quick]`. The server is llama.cpp's own, over the seedling that ships. One
question of one token goes straight to it and through the gateway, in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from sage_edge.models.resolve import resolve
from tests.benchmarks.figures import Figure, run, seconds
from tests.serve.behind import CHAT, NOBODY, asked
from tests.serve.program import SEEDLING, Program, running, until

_OVERHEAD_MS, _IDLE_MB, _AT_ONCE = 2.0, 80, 200


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them. quick: 40 pairs instead of 400."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name, _server() as url:
        beside = f"kind: vllm, upstream: '{url}'"
        with running(Path(name), beside) as program, _plain(url) as plain:
            yield _memory("idle gateway, just started", program)
            yield from _overhead(plain, program, 40 if quick else 400)
            yield _crowd(program)
            yield _memory("idle gateway, after all that", program)


def _plain(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, trust_env=False, verify=NOBODY, timeout=60)


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """Yield the address of llama.cpp's own server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = ["--model", str(resolve(SEEDLING).path), "--model_alias", SEEDLING, "--host", "127.0.0.1", "--port", port]
    quiet = ["--verbose", "false", "--interrupt_requests", "false", "--n_threads", "1", "--n_ctx", "1024"]
    command = [sys.executable, "-m", "llama_cpp.server", *words, *quiet]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url))
        yield url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"{url}/v1/models", trust_env=False).status_code == 200
    return False


def _overhead(plain: httpx2.Client, program: Program, pairs: int) -> Iterator[Figure]:
    body = asked("Hello!", max_tokens=1, temperature=0, model=SEEDLING)
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: plain.post(CHAT, json=body).raise_for_status(),
        "gateway": lambda: program.client.post(CHAT, json=body).raise_for_status(),
    }
    dice, took = random.Random(15), {name: list[float]() for name in ways}
    for number in range(pairs + 10):
        for name in dice.sample(sorted(ways), 2):
            once = seconds(ways[name]) * 1000
            if number >= 10:  # the first ones open connections
                took[name].append(once)
    medians = {name: statistics.median(all_of) for name, all_of in took.items()}
    apart = statistics.median(b - a for a, b in zip(took["plain"], took["gateway"], strict=True))
    ratio = medians["gateway"] / medians["plain"]
    words = f"{apart:.2f} ms, median of {pairs} pairs; {medians['plain']:.2f} and {medians['gateway']:.2f} ms"
    yield Figure(
        "gateway over plain httpx2", f"<= {_OVERHEAD_MS:g} ms", f"{words}, {ratio:.2f}x", apart <= _OVERHEAD_MS
    )


def _crowd(program: Program) -> Figure:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        names = [f"crowd-{number}" for number in range(_AT_ONCE)]
        responses = list(pool.map(lambda name: program.ask(name=name, max_tokens=4), names))
    statuses = Counter(response.status_code for response in responses)
    ids = {response.headers["x-request-id"] for response in responses}
    kept = set(statuses) == {200, 429} and ids == set(names) and program.is_up()
    told = f"{len(ids)} ids; {statuses[200]} answered, {statuses[429]} told to come again"
    return Figure(f"{_AT_ONCE} at once, a queue of 16", "each once, or 429", told, kept)


def _memory(name: str, program: Program) -> Figure:
    pages = int(Path(f"/proc/{program.process.pid}/statm").read_text().split()[1])
    used = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Figure(name, f"<= {_IDLE_MB} MB", f"{used:.0f} MB resident", used <= _IDLE_MB)


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
