"""llama.cpp's server as llama-cpp-python brings it, with a token, as a child of the test."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

TOKEN = "sesame-of-the-test"  # noqa: S105  it opens nothing else
NAME = "tiny"


@dataclass(frozen=True)
class Served:
    """A server that answers. token_file: holds its token."""

    url: str
    token_file: Path

    def options(self, **more: str) -> dict[str, str]:
        """Return what a host declares of it, which does not say which bytes it serves."""
        told = {"url": self.url, "model": NAME, "dialect": "llamacpp", "digest": "unstated"}
        return {**told, "token_file": str(self.token_file), **more}


def write_token(path: Path, token: str = TOKEN) -> Path:
    """Write a file of a token for its owner alone."""
    path.write_text(f"{token}\n")
    path.chmod(0o600)
    return path


@contextlib.contextmanager
def llama_server(gguf: Path, context: int, folder: Path) -> Iterator[Served]:
    """Serve a GGUF for the body."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-W", "ignore", "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--model", str(gguf), "--model_alias", NAME, "--n_ctx", str(context), "--n_threads", "1"]
    words += ["--n_batch", "16", "--api_key", TOKEN, "--interrupt_requests", "false", "--verbose", "false"]
    log = folder / "server.log"
    with log.open("wb") as out:
        child = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "HOME": str(folder)})
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, child, log)
        yield Served(url, write_token(folder / "token"))
    finally:
        child.terminate()
        child.wait(30)


def _wait(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < until:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/v1/models", headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise AssertionError(f"no server: {log.read_text('utf-8', 'replace')[-2000:]}")
