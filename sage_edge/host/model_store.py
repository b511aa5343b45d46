"""The board's model store, for whoever copies models to it or from it. Its layout: sage_edge/models/store/store.py.

    models-list      what is there: listings of models, sizes of blobs and of unfinished files, free space
    models-receive   make ready for files that are about to come: partial/sync/sha256-<64 hex>
    models-commit    hash what came, make it blobs, write the model's name last
    models-prepare   let this board's own `sage-edge model prepare` make a model

The files themselves come by rsync, as the login, so these verbs run as the login, too: the store is its own. It lies
where SAGE_MODELS says, else in /srv/sage/models.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sage_edge.host import client_alive, durable, file_lock, machine
from sage_edge.host.errors import ExitStatus, Refusal
from sage_edge.host.helper_context import HelperContext, Request, Verb, VerbAnswer

MOST_MODELS, MOST_FILES, MOST_LISTING_BYTES = 64, 100_000, 8 << 20
PREPARE_S, LONGEST_WAIT_S = 3600.0, 3600.0
_PIECE = 1 << 20
_REF = re.compile(r"([a-z0-9][a-z0-9.-]*)/([a-z0-9][a-z0-9.-]*):([a-z0-9][a-z0-9._-]*)")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_READ_ONLY = 0o444


class _Store(NamedTuple):
    """Where things lie in the store."""

    root: Path

    @property
    def parts(self) -> Path:
        return self.root / "partial/sync"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    def blob(self, digest: str) -> Path:
        return self.blobs / digest.replace(":", "-")

    def part(self, digest: str) -> Path:
        return self.parts / digest.replace(":", "-")

    def listing(self, ref: str) -> Path:
        match = _REF.fullmatch(ref)
        if not match:
            raise _usage(f"expected a model like family/name:variant, got {ref!r:.80}")
        return self.root / "manifests" / match[1] / match[2] / f"{match[3]}.json"


def _store(context: HelperContext) -> _Store:
    root = Path(os.environ.get("SAGE_MODELS") or context.places.models)
    if not root.is_absolute():
        raise _usage(f"SAGE_MODELS is no absolute path: {str(root)!r:.80}")
    return _Store(root)


def _list(context: HelperContext, request: Request) -> VerbAnswer:
    """{"models": [ref], "digests": [digest]} → what the store has of these, and of all that their listings name."""
    store = _store(context)
    refs = _at_most(MOST_MODELS, request["models"])
    texts = {ref: text for ref in refs if (text := _text(store.listing(ref))) is not None}
    named = {digest for text in texts.values() for digest in _DIGEST.findall(text)}
    digests = sorted(named | set(_digests(request["digests"])))
    return {
        "root": str(store.root),
        "rsync": shutil.which("rsync") is not None,
        "prepares": shutil.which("sage-edge") is not None,
        "free_bytes": _free_bytes(store.root),
        "listings": texts,
        "blobs": _sizes(digests, store.blob),
        "parts": _sizes(digests, store.part),
    }


def _receive(context: HelperContext, request: Request) -> VerbAnswer:
    """{"files": {digest: bytes}} → {"folder"}: where they go. What lies there and can be no beginning is removed."""
    store = _store(context)
    most = {digest: int(request["files"][digest]) for digest in _digests(request["files"])}
    with _writing():
        store.parts.mkdir(parents=True, exist_ok=True)
        for digest, size in most.items():
            here = _size(store.part(digest))
            if here is None or here > size:
                store.part(digest).unlink(missing_ok=True)
    return {"folder": str(store.parts)}


def _commit(context: HelperContext, request: Request) -> VerbAnswer:
    """{"model", "listing": text, "verify": [digest], "wait_s"} → {"kept", "wrong": {digest: actual}, "gone": [digest]}.

    verify: files to be hashed; of the others that the listing names only the size is looked at. What is not what its
    name says is removed. The model gets its name only when each of its files is here.
    """
    store, text = _store(context), str(request["listing"])
    path = store.listing(request["model"])
    files, verify = _listed(text), set(_digests(request["verify"]))
    busy = Refusal("store-busy", "its model store is being collected", "wait, then again", code=ExitStatus.LOCKED)
    wait_s = min(float(request["wait_s"]), LONGEST_WAIT_S)
    wrong, gone = dict[str, str](), list[str]()
    with _writing(), file_lock.hold(store.root / "in-use.lock", wait_s, busy, shared=True, mode=0o644):
        store.blobs.mkdir(exist_ok=True)
        for digest, size in files.items():
            actual = _placed(store, digest) if digest in verify else digest
            if actual not in (digest, None):
                wrong[digest] = str(actual)
            elif actual is None or _size(store.blob(digest)) != size:
                gone.append(digest)
        if not wrong and not gone:
            durable.sync_folder(store.blobs)
            durable.replace(path, text.encode(), temporary=f".tmp-{os.getpid()}-{path.name}")
    return {"kept": not wrong and not gone, "wrong": wrong, "gone": gone}


def _placed(store: _Store, digest: str) -> str | None:
    """Make a file that came a blob if its bytes are those, and return their digest; None: there is no such file."""
    part, blob = store.part(digest), store.blob(digest)
    path = part if _size(part) is not None else blob
    if _size(path) is None:
        return None
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        actual = _hashed(handle)
        if actual == digest and path is part:
            os.fchmod(handle, _READ_ONLY)
            os.fsync(handle)
    finally:
        os.close(handle)
    if actual != digest:
        path.unlink()
    elif path is part:
        part.replace(blob)
    return actual


def _prepare(context: HelperContext, request: Request) -> VerbAnswer:
    """{"model"} → {"code", "last"}: how `sage-edge model prepare` ended here, and its last line."""
    _store(context).listing(request["model"])
    words = ("sage-edge", "model", "prepare", request["model"])
    ran = machine.run(words, timeout_s=PREPARE_S, env=dict(os.environ), check_cancelled=client_alive.require_client)
    return {"code": ran.code, "last": ((ran.err.strip() or ran.out.strip()).splitlines() or [""])[-1][:300]}


VERBS: Mapping[str, Verb] = {
    "models-list": _list,
    "models-receive": _receive,
    "models-commit": _commit,
    "models-prepare": _prepare,
}


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """What others of this board may read they can; what the disk refuses says what to do about it."""
    before = os.umask(0o022)
    try:
        yield
    except OSError as failed:
        again = "see that it is writable for this login and has room, then start again: nothing is sent twice"
        raise Refusal("store-failed", f"the model store cannot be written: {failed}", again) from None
    finally:
        os.umask(before)


def _listed(text: str) -> Mapping[str, int]:
    """Digest → bytes of each file that a listing names. Raises Refusal for what is none."""
    if len(text) > MOST_LISTING_BYTES:
        raise _usage(f"expected a listing of at most {MOST_LISTING_BYTES >> 20} MiB")
    try:
        files = {str(file["digest"]): int(file["size_bytes"]) for file in json.loads(text)["files"]}
    except (ValueError, KeyError, TypeError):
        raise _usage("the listing is none") from None
    _digests(files)
    return files


def _digests(content: Sequence[str] | Mapping[str, int]) -> Sequence[str]:
    digests = _at_most(MOST_FILES, content)
    for digest in digests:
        if not _DIGEST.fullmatch(digest):
            raise _usage(f"expected a digest, got {digest!r:.80}")
    return digests


def _at_most(most: int, content: Sequence[str] | Mapping[str, int]) -> list[str]:
    if len(content) > most:
        raise _usage(f"expected at most {most:,}, got {len(content):,}")
    return [str(entry) for entry in content]


def _usage(what: str) -> Refusal:
    return Refusal("bad-request", what, code=ExitStatus.USAGE)


def _text(path: Path) -> str | None:
    """A listing as it stands; None where there is none."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_LISTING_BYTES + 1)
        text = content.decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as broken:
        raise Refusal("bad-listing", f"{path} cannot be read: {broken}", "prepare that model again") from None
    if len(content) > MOST_LISTING_BYTES:
        raise Refusal("bad-listing", f"{path} is longer than any listing", "prepare that model again")
    return text


def _sizes(digests: Sequence[str], place: Callable[[str], Path]) -> Mapping[str, int]:
    return {digest: size for digest in digests if (size := _size(place(digest))) is not None}


def _size(path: Path) -> int | None:
    """Bytes of a plain file; None for everything else: the store has no symlinks."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _free_bytes(folder: Path) -> int:
    here = next(path for path in (folder, *folder.parents) if path.exists())
    usage = os.statvfs(here)
    return usage.f_bavail * usage.f_frsize


def _hashed(handle: int) -> str:
    digest, buffer = hashlib.sha256(), bytearray(_PIECE)
    view = memoryview(buffer)
    while size := os.readv(handle, [buffer]):
        digest.update(view[:size])
    return f"sha256:{digest.hexdigest()}"
