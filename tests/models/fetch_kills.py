"""Downloads that are killed: a forked process fetches, and the server kills it when it has sent N bytes.

Where a kill falls is decided by the server's count and not by a clock, so a kill can be repeated. What it costs is
counted twice: against what the process had received (`lost`), and against all that the server had handed to the kernel
(`resent`), which holds what was still in a socket's buffer.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge.files import digest
from sage_edge.models.download.fetch import bring
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.ranges import RemoteFile
from sage_edge.models.store.store import Store
from tests.kill import victims
from tests.models.hub_server import Fault, HubServer

REPO, NAME = "tiny/killed", "model.safetensors"
MOST_LOST = 4 << 20
"""What was promised: bytes that a kill makes us fetch again."""


@dataclass(frozen=True)
class Loss:
    """One kill: where, what the process had received, and how many bytes had to come twice."""

    at: int
    received: int
    lost: int
    resent: int
    problems: tuple[str, ...]


def kills(folder: Path, shots: int, size: int, seed: int) -> Iterator[Loss]:
    """Kill `shots` downloads of `size` random bytes, each at another random byte, and finish each."""
    draw = random.Random(seed)
    content = draw.randbytes(size)
    for shot in range(shots):
        yield kill(folder / str(shot), content, draw.randint(1, size))


def kill(folder: Path, content: bytes, at: int) -> Loss:
    """Kill a download once the server has sent `at` bytes, then finish it in this process."""
    folder.mkdir(parents=True)
    hub = HubServer()
    revision = hub.add(REPO, {NAME: content})
    wanted = [_listed(content)]
    store = Store(folder / "store")
    with mmap.mmap(-1, 8) as told:

        def work() -> int:
            def tell(done: int, total: int) -> None:
                told[:] = struct.pack("q", done)

            bring(Hub(hub.endpoint).at(REPO, revision), wanted, store, progress=tell)
            return 0

        pid = victims.spawn(work, folder / "crash.txt")  # before the server has a thread; the socket already listens
        hub.faults.append(Fault(NAME, at=at, reached=lambda: os.kill(pid, signal.SIGKILL)))
        with hub:
            status = victims.status_of(pid)
            received = int(struct.unpack("q", told[:])[0])
            before = len(hub.requests)
            digests = bring(Hub(hub.endpoint).at(REPO, revision), wanted, store)
        again = sum(request.sent for request in hub.requests[before:])
    problems = [] if status in (0, -signal.SIGKILL) else [f"the first process ended with {status}"]
    if store.blob(digests[NAME]).read_bytes() != content:
        problems.append("the blob is not what was sent")
    lost = max(0, received + again - len(content))
    return Loss(at, received, lost, max(0, at + again - len(content)), tuple(problems))


def _listed(content: bytes) -> RemoteFile:
    return RemoteFile(NAME, len(content), digest(content), "0" * 40)
