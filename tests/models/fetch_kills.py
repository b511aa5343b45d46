"""Downloads that are killed: a forked process fetches, and the server kills it when it has sent N bytes.

Where a kill falls is decided by the server's count and not by a clock. What is promised is of bytes that are known to
be on the disk, which the journal names: none of them comes twice, and at most `MOST_UNKNOWN` of what the process had
received are not yet among them. How much the server had handed to the kernel by then, in a socket's buffer, depends on
the machine and on its load; that is measured (`resent`) and not promised.
"""

from __future__ import annotations

import mmap
import os
import random
import re
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge.files import digest
from sage_edge.models.download.fetch import bring
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.partial import BATCH, CHUNK
from sage_edge.models.download.ranges import RemoteFile
from sage_edge.models.store.store import Store
from tests.kill import victims
from tests.models.hub_server import Fault, HubServer

REPO, NAME = "tiny/killed", "model.safetensors"
MOST_UNKNOWN = BATCH + CHUNK
"""What was promised: bytes received that a kill may cost, because they were not yet synced and journalled."""


@dataclass(frozen=True)
class Loss:
    """One kill: where, in bytes what was received, known to be on the disk, fetched afterwards and sent twice."""

    at: int
    received: int
    known: int
    again: int
    resent: int
    size: int
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
    with mmap.mmap(-1, 8) as seen:

        def work() -> int:
            def note(done: int, total: int) -> None:
                seen[:] = struct.pack("q", done)

            bring(Hub(hub.endpoint).at(REPO, revision), wanted, store, progress=note)
            return 0

        pid = victims.spawn(work, folder / "crash.txt")  # before the server has a thread; the socket already listens
        hub.faults.append(Fault(NAME, at=at, reached=lambda: os.kill(pid, signal.SIGKILL)))
        with hub:
            status = victims.status_of(pid)
            received = int(struct.unpack("q", seen[:])[0])
            known = len(content) if status == 0 else _journalled(store.partial, len(content))
            before = len(hub.requests)
            digests = bring(Hub(hub.endpoint).at(REPO, revision), wanted, store)
        again = sum(request.sent for request in hub.requests[before:])
    problems = [] if status in (0, -signal.SIGKILL) else [f"the first process ended with {status}"]
    if store.blob(digests[NAME]).read_bytes() != content:
        problems.append("the blob is not what was sent")
    resent = max(0, at + again - len(content))
    return Loss(at, received, known, again, resent, len(content), tuple(problems))


def _journalled(partial: Path, size: int) -> int:
    """Bytes of the chunks that the journal names in whole lines, read without the code under test."""
    texts = [path.read_text("utf-8", "replace") for path in partial.glob("*.chunks")]
    whole = "".join(text[: text.rfind("\n") + 1] for text in texts)
    numbers = {int(number) for number in re.findall(r"(?<![\w:])(\d+):[0-9a-f]{64}", whole)}
    return sum(min(CHUNK, size - number * CHUNK) for number in numbers)


def _listed(content: bytes) -> RemoteFile:
    return RemoteFile(NAME, len(content), digest(content), "0" * 40)
