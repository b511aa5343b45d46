"""`sage-edge serve` as a program of its own, on loopback, with a client that knows its token."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

from sage_edge.names import ModelRef
from tests.serve.behind import CHAT, NOBODY, asked

FLEET = Path(__file__).parents[2] / "fleet"
SEEDLING = ModelRef("sage/seedling:q8_0")


@dataclass
class Program:
    """A running gateway: its process, its folder, and a client that knows its token."""

    process: subprocess.Popen[bytes]
    folder: Path
    client: httpx2.Client

    @property
    def child(self) -> int:
        """The process of the model's server; waited for while there is none."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        until(lambda: bool(path.read_text().split()))
        return int(path.read_text().split()[0])

    def is_up(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return self.client.get("/health").status_code == 200
        return False

    def ask(self, words: str = "Hello!", *, name: str = "", **more: object) -> httpx2.Response:
        headers = {"x-request-id": name} if name else {}
        return self.client.post(CHAT, json=asked(words, **{"max_tokens": 24, **more}), headers=headers)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "out").read_text().splitlines()]


def until(true: Callable[[], bool], within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def environment(folder: Path) -> dict[str, str]:
    named = {"FLEET": "fleet", "STATE": "state", "MODELS": "models", "CARD": "card"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAGE_")}
    trap = {"MODEL": "/nowhere.gguf", "N_CTX": "7", "PORT": "1", "API_KEY": "known", "INTERRUPT_REQUESTS": "true"}
    return {**kept, **trap, **{f"SAGE_{name}": str(folder / path) for name, path in named.items()}}


@contextlib.contextmanager
def running(folder: Path, server: str = "kind: llamacpp-server, context_tokens: 1024, threads: 1") -> Iterator[Program]:
    """Yield a gateway that answers, or fail with what it said. server: what its declaration says of it."""
    shutil.copytree(FLEET, folder / "fleet")
    shutil.rmtree(folder / "fleet/overlays")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = f"{server}, model: '{SEEDLING}', port: {port}"
    thor = f"format: 1\nname: thor\nrole: researcher\nboard: cpu\nserve: {{{settings}}}\n"
    (folder / "fleet/hosts/thor.yaml").write_text(thor)
    env, sage = environment(folder), [sys.executable, "-m", "sage_edge"]
    subprocess.run([*sage, "serve", "token"], env=env, check=True, capture_output=True)
    token = (folder / "state/serve/token").read_text().strip()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen([*sage, "serve", "--as", "thor"], env=env, stdout=out, stderr=err)
    headers = {"authorization": f"Bearer {token}"}
    client = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers=headers,
        trust_env=False,
        verify=NOBODY,
        timeout=60,
        limits=httpx2.Limits(max_connections=None),
    )
    program = Program(process, folder, client)
    try:
        until(lambda: program.is_up() or process.poll() is not None)
        assert process.poll() is None, (folder / "err").read_text()
        yield program
    finally:
        client.close()
        process.kill()
        process.wait()
