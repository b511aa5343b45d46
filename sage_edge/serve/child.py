"""llama.cpp's own server as a child: started, watched, started again, and ended with all that it started.

It listens on loopback at a port and with a token of its own, which it reads from a file: arguments can be read by
everybody on the machine. `interrupt_requests` is off, or a second request would cut the first one's stream (facts M3).
Its environment is made anew: pydantic-settings would take MODEL, N_CTX, API_KEY and more from ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sage_edge.models.resolve import ResolvedModel
from sage_edge.serve.errors import ServerFailed
from sage_edge.serve.upstream import Upstream

_MODULE = "llama_cpp.server"
_KEPT = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TZ"})
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "GGML_", "OMP_", "XDG_")
_BEAT_S = 0.1
_START_S = 600.0
"""How long a server may take to load its model."""
_END_S = 5.0
"""How long it may take to end by itself."""
_SOON_S, _LATE_S, _STEADY_S = 0.5, 30.0, 60.0
"""When it is started again after its death: soon, and later each time until it has lived steadily."""
_TAIL_LINES = 12


@dataclass(frozen=True)
class ChildSettings:
    """What llama.cpp is told. threads None: as many as it likes."""

    context_tokens: int
    threads: int | None
    gpu_layers: int
    answer_s: float


class Child:
    """One server of one model. changed: is told of its client when it is up, and of None when it has gone."""

    def __init__(
        self,
        model: ResolvedModel,
        settings: ChildSettings,
        changed: Callable[[Upstream | None], None],
        log: Callable[[str], None],
    ) -> None:
        self.model, self.settings = model, settings
        self._changed, self._log = changed, log
        self._process: asyncio.subprocess.Process | None = None
        self._was_up = False
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    @property
    def pid(self) -> int | None:
        """Its process; None while there is none."""
        return None if self._process is None else self._process.pid

    async def keep_up(self) -> None:
        """Start it, and again whenever it dies, until cancelled.

        Raises ServerFailed where it does not come up at first; DigestMismatch and ModelIncomplete at any start.
        """
        pause_s = _SOON_S
        while True:
            begun = time.monotonic()
            try:
                await self._live()
                why = f"it ended with {self._code}"
            except ServerFailed as failed:
                if not self._was_up:
                    raise
                why = failed.message
            if time.monotonic() - begun > _STEADY_S:
                pause_s = _SOON_S
            self._log(f"the server of {self.model.ref} is gone: {why}; it is started again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            pause_s = min(_LATE_S, pause_s * 2)

    @property
    def _code(self) -> int | None:
        return None if self._process is None else self._process.returncode

    async def _live(self) -> None:
        """Verify the model, start the server, say that it is up, and wait for its end."""
        await asyncio.to_thread(self.model.check)
        with tempfile.TemporaryDirectory(prefix="sage-serve-") as scratch:
            port, token = _free_port(), secrets.token_hex(32)
            config = Path(scratch) / "server.json"  # the folder is ours alone
            config.write_text(json.dumps(self._config(port, token)), "utf-8")
            upstream = Upstream(f"http://127.0.0.1:{port}", token, self.settings.answer_s)
            try:
                self._process = process = await _started(config)
                listening = asyncio.ensure_future(self._listen(process))
                try:
                    await self._until_healthy(process, upstream)
                    config.unlink()
                    self._was_up = True
                    self._changed(upstream)
                    await process.wait()
                finally:
                    self._changed(None)
                    await upstream.close()  # a server waits for those who are connected
                    await _end(process)
                    listening.cancel()
            finally:
                await upstream.close()

    def _config(self, port: int, token: str) -> dict[str, object]:
        settings = self.settings
        model: dict[str, object] = {
            "model": str(self.model.path),
            "model_alias": str(self.model.ref),
            "n_ctx": min(settings.context_tokens, self.model.context_tokens),
            "n_gpu_layers": settings.gpu_layers,
            "verbose": False,
        }
        if settings.threads is not None:
            model |= {"n_threads": settings.threads, "n_threads_batch": settings.threads}
        server = {"host": "127.0.0.1", "port": port, "api_key": token, "interrupt_requests": False}
        return {**server, "models": [model]}

    async def _until_healthy(self, process: asyncio.subprocess.Process, upstream: Upstream) -> None:
        until = time.monotonic() + _START_S
        while not await upstream.is_healthy():
            if process.returncode is not None:
                await asyncio.sleep(_BEAT_S)  # its last words are still under way
                raise ServerFailed(self.model.ref, " / ".join(self._tail) or f"it ended with {process.returncode}")
            if time.monotonic() > until:
                raise ServerFailed(self.model.ref, "it did not answer in time")
            await asyncio.sleep(_BEAT_S)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last lines of what it says, as long as it is not up: later ones may hold what was asked."""
        if process.stderr is None:
            return
        with contextlib.suppress(asyncio.CancelledError):
            while piece := await process.stderr.read(4096):
                self._tail.extend(line[:300] for line in piece.decode("utf-8", "replace").splitlines() if line.strip())


async def _started(config: Path) -> asyncio.subprocess.Process:
    environment = {
        name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    words = ("-m", "sage_edge.serve.bound_child", str(os.getpid()), _MODULE, "--config_file", str(config))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a server with its whole group: asked first, then killed."""
    for number, wait_s in ((signal.SIGTERM, _END_S), (signal.SIGKILL, _END_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), wait_s)


def _free_port() -> int:
    """Return a port of loopback that is free now; should it be taken before the server has it, that start fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
