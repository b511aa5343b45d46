"""A running hub, an empty store, and a model whose weights are five chunks and a bit; what fetching is tested with."""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import huggingface_hub
import pytest

from sage_edge import files
from sage_edge.models.download.fetch import bring
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.ranges import RangeResponse, RemoteFile
from sage_edge.models.errors import ModelWorkInterrupted
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from tests.fakes import HandClock
from tests.models.hub_server import Fault, HubServer

REPO, NAME = "tiny/base", "model.safetensors"
MIB = 1 << 20
WEIGHTS = random.Random(7).randbytes(5 * MIB + 12_345)
SIZE = len(WEIGHTS)
FILES = {"config.json": b'{"model_type": "qwen2"}', "tokenizer/vocab.json": b"{}", "empty.txt": b"", NAME: WEIGHTS}


class Shelf:
    """A source without a network: gives `content` in pieces, counts what it gives, and may ask to stop."""

    name = "a shelf"

    def __init__(self, content: bytes, piece: int = 50, stop_after: int | None = None) -> None:
        self.content, self.piece, self.given, self.asked = content, piece, 0, list[tuple[int, int]]()
        self.stop_after, self.stop = stop_after, threading.Event()

    @contextlib.contextmanager
    def open(self, file: RemoteFile, start: int, stop: int) -> Iterator[RangeResponse]:
        self.asked.append((start, stop))
        yield RangeResponse(
            206, {"content-range": f"bytes {start}-{stop - 1}/{len(self.content)}"}, self._pieces(start, stop)
        )

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, self.piece):
            data = self.content[at : min(stop, at + self.piece)]
            self.given += len(data)
            if self.stop_after is not None and self.given >= self.stop_after:
                self.stop.set()
            yield data


class Place(NamedTuple):
    """A running hub with one repository, and an empty store."""

    server: HubServer
    revision: str
    store: Store
    clock: HandClock

    @property
    def name(self) -> str:
        return f"{REPO}@{self.revision[:7]}"

    def hub(self, timeout_s: float = 20.0) -> Hub:
        return Hub(self.server.endpoint, timeout_s=timeout_s)

    def listing(self, *names: str) -> list[RemoteFile]:
        return [f for f in self.hub().files(REPO, self.revision) if not names or f.path in names]

    def bring(self, *names: str, timeout_s: float = 20.0, **more: Any) -> dict[str, Digest]:
        """Fetch the files of these names, or all, without waiting."""
        source = self.hub(timeout_s).at(REPO, self.revision)
        return bring(source, self.listing(*names), self.store, clock=self.clock, **more)

    def fail(self, **what: Any) -> None:
        self.server.faults.append(Fault(NAME, **what))

    def asked(self) -> list[tuple[str | None, int, int]]:
        """(Range, status, bytes sent) of every request for the weights."""
        return [(request.range, request.status, request.sent) for request in self.server.gets(NAME)]

    @property
    def part(self) -> Path:
        return self.store.partial / f"sha256-{hashlib.sha256(WEIGHTS).hexdigest()}.part"


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Place]:
    """Run a hub with the model, and make a store in `folder`."""
    with HubServer() as server:
        yield Place(server, server.add(REPO, FILES), Store(folder / "store"), HandClock())
    huggingface_hub.close_session()


def stop_at(place: Place, count: int) -> None:
    """Fetch about `count` bytes of the weights and leave."""
    interrupt(place, count)
    place.server.requests.clear()


def interrupt(place: Place, count: int) -> ModelWorkInterrupted:
    """Ask it to stop once `count` bytes are here; return what it said."""
    stop = threading.Event()

    def tell(done: int, _total: int) -> None:
        if done >= count:
            stop.set()

    with pytest.raises(ModelWorkInterrupted) as refusal:
        place.bring(NAME, stop=stop, progress=tell)
    return refusal.value


def leftovers(place: Place) -> list[str]:
    """What lies in partial/ besides locks and notes."""
    return [path.name for path in place.store.partial.iterdir() if path.suffix not in (".lock", ".kept")]


def flip(path: Path, at: int, bits: int = 1) -> None:
    """Change some bits of one byte of a file."""
    with path.open("r+b") as stream:
        stream.seek(at)
        was = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([was ^ bits]))


def is_whole(place: Place, digests: dict[str, Digest], names: Sequence[str] = tuple(FILES)) -> bool:
    """Whether these files are in the store, known by these digests, with nothing lying about."""
    wanted = {name: files.digest(FILES[name]) for name in names}
    blobs = [place.store.blob(digest).read_bytes() == FILES[name] for name, digest in digests.items()]
    return digests == wanted and all(blobs) and leftovers(place) == []
