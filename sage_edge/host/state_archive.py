"""Hand a board's state out, and take it back: one packed file, in pieces, held against digests on either side.

    /srv/sage/deploy/backup/<64 hex>.tar.gz       packed state on its way out; the name is its sha256
    /srv/sage/deploy/restore/<64 hex>.tar.gz      packed state on its way in; as long as what has come
    /srv/sage/state/.restore-<12 hex>/new/        unpacked, not yet in place
    /srv/sage/state/.restore-<12 hex>/ready       all of it is there: from here on a restore is only moves
    /srv/sage/state/.before-<12 hex>/             what a restore replaced

Packed is what nobody can make again: papers, journals, what the clock remembers. Left out are locks, caches, the
heartbeat and the exchange's clone, which papers and hub bring back; so a restored board gives no number before it has
heard what it has published since. Keys lie elsewhere and never leave a board.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sage_edge.host import client_alive, durable, file_lock, lease, machine
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, SuggestedCommand, invoke
from sage_edge.host.helper_context import HelperContext, Request, Verb, VerbAnswer
from sage_edge.host.service import AGENT, PROJECT, Docker

PIECE_BYTES = 8 << 20
LEFT_OUT = ("locks", "cache", "heartbeat.json", "exchange.git")
_WAKE_S, _BUSY_S = 3600.0, 120.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f/\\]{1,200}(?:/[^\x00-\x1f/\\]{1,200}){0,9}")
_STOP_S = 120.0


class _Hashing:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


# --- out ------------------------------------------------------------------------------------------------------------


def _open(context: HelperContext, request: Request) -> VerbAnswer:
    """{} → {"id", "size", "files": {path: sha256}, "skipped": [path]}: the state is packed, between two wakes."""
    folder = _spool(context.places, "backup")
    shutil.rmtree(folder, ignore_errors=True)  # of one that nobody fetched
    folder.mkdir(parents=True, mode=0o700)
    _require_room(folder, _size_of(context.places.state))
    part = folder / "packing"
    skipped: list[str] = []
    with between_wakes(context):
        files = dict(_packed(context.places.state, part, skipped))
    name = _sha256(part)
    part.rename(folder / f"{name}.tar.gz")
    durable.sync_folder(folder)
    context.note(request, "backup", f"{len(files)} files of the state packed")
    return {"id": name, "size": (folder / f"{name}.tar.gz").stat().st_size, "files": files, "skipped": skipped}


def _piece(context: HelperContext, request: Request) -> VerbAnswer:
    """{"id", "offset"} → {"data": base64}: the next piece; empty at the end."""
    with _spooled(context.places, "backup", request).open("rb") as stream:
        stream.seek(int(request["offset"]))
        return {"data": base64.b64encode(stream.read(PIECE_BYTES)).decode("ascii")}


def _close(context: HelperContext, request: Request) -> VerbAnswer:
    """{"id"} → {}: it was fetched, and is removed here."""
    _spooled(context.places, "backup", request).unlink(missing_ok=True)
    return {}


def _packed(state: Path, into: Path, skipped: list[str]) -> Iterator[tuple[str, str]]:
    """Pack what lies in the state; yield name and sha256 of each file."""
    with into.open("wb") as raw:
        os.fchmod(raw.fileno(), 0o600)
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
            for name, path in _kept(state, skipped):
                client_alive.require_client()
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(handle, "rb") as stream:
                    entry = tarfile.TarInfo(name)
                    entry.size, entry.mtime = os.fstat(handle).st_size, int(os.fstat(handle).st_mtime)
                    source = _Hashing(stream)
                    archive.addfile(entry, source)
                    yield name, source.digest.hexdigest()
        raw.flush()
        os.fsync(raw.fileno())


def _kept(state: Path, skipped: list[str]) -> Iterator[tuple[str, Path]]:
    for top in sorted(state.iterdir()) if state.is_dir() else ():
        if top.name in LEFT_OUT or top.name.startswith("."):
            continue
        for path in [top] if not top.is_dir() or top.is_symlink() else sorted(top.rglob("*")):
            name, mode = path.relative_to(state).as_posix(), path.lstat().st_mode
            if stat.S_ISREG(mode) and not path.name.startswith(".tmp-") and _NAME.fullmatch(name):
                yield name, path
            elif not stat.S_ISDIR(mode) and not path.name.startswith(".tmp-"):
                skipped.append(ascii(name))


# --- in -------------------------------------------------------------------------------------------------------------


def _receive(context: HelperContext, request: Request) -> VerbAnswer:
    """{"id", "size", "offset", "data": base64} → {"have": bytes}: keep a piece; without data only say how far it is."""
    path = _spooled(context.places, "restore", request)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    have = path.stat().st_size if path.is_file() else 0
    data = base64.b64decode(request["data"], validate=True)
    if not data and not have:
        _require_room(path.parent, int(request["size"]))
    if data and int(request["offset"]) == have:
        with path.open("ab") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        have += len(data)
    return {"have": have}


def _commit(context: HelperContext, request: Request) -> VerbAnswer:
    """{"token", "id", "files": {path: sha256}, "replace"} → {"files", "replaced": folder | null, "started"}.

    Nothing is in its place before every file is here and is what the listing says. Raises Refusal, exit 3, for a state
    that holds something, or an agent that runs, unless `replace`.
    """
    lease.of(context).require(request["token"])
    places, packed = context.places, _spooled(context.places, "restore", request)
    files = {str(name): str(digest) for name, digest in request["files"].items()}
    own = places.state / f".restore-{request['id'][:12]}"
    before = places.state / f".before-{request['id'][:12]}"
    begun = (own / "ready").is_file()
    with _alone(context):
        running = _require_free(context, replace=bool(request["replace"]), begun=begun)
        if not begun:
            _unpacked(places.state, packed, str(request["id"]), files, own)
        with between_wakes(context):
            if running:
                machine.require(("docker", "stop", f"{PROJECT}-{AGENT}-1"), "stopping the agent", timeout_s=_STOP_S)
            _swapped(places.state, own, before, {name.partition("/")[0] for name in files})
        packed.unlink(missing_ok=True)
        if running:
            machine.require(("docker", "start", f"{PROJECT}-{AGENT}-1"), "starting the agent", timeout_s=_STOP_S)
    context.note(request, "restore", f"{len(files)} files of state {request['id'][:12]} put in place")
    return {"files": len(files), "replaced": str(before) if before.is_dir() else None, "started": running}


def _require_free(context: HelperContext, *, replace: bool, begun: bool) -> bool:
    """Return whether the agent runs, which is allowed where its state may be replaced. Raises Refusal, exit 3."""
    now = Docker(context.places, context.engine).running()
    running = now is not None and now.running
    again = invoke("restore", host=HOST, file="FOLDER", replace=True)
    if running and not replace:
        what = "its agent runs; a restore stops it, and starts it again"
        raise Refusal("agent-running", what, "to do that: ", again, code=ExitStatus.REFUSED)
    papers = [name for name, _ in _kept(context.places.state, []) if name.startswith(("papers/", "journals/"))]
    if papers and not replace and not begun:
        what = f"its state holds {len(papers)} papers and journals; a restore puts them aside"
        raise Refusal("state-not-empty", what, "look at them, then: ", again, code=ExitStatus.REFUSED)
    return running


def _unpacked(state: Path, packed: Path, name: str, files: Mapping[str, str], own: Path) -> None:
    """Unpack beside the state, and hold every file against its digest. Raises Refusal; then nothing is in its place."""
    if not packed.is_file() or _sha256(packed) != name:
        packed.unlink(missing_ok=True)
        raise _bad("what has come is not what was sent")
    shutil.rmtree(own, ignore_errors=True)
    owner, left = state.stat(), dict(files)
    _folder(own / "new", state, owner)
    try:
        with tarfile.open(packed, "r:gz") as archive:
            for entry in archive:
                expected = left.pop(entry.name, None)
                stream = archive.extractfile(entry) if entry.isreg() else None
                if expected is None or stream is None or not _NAME.fullmatch(entry.name) or _is_odd(entry.name):
                    raise _bad(f"{ascii(entry.name)[:80]} is not in its listing")
                target = own / "new" / entry.name
                _folder(target.parent, state, owner)
                if _written(target, stream, entry.mtime, owner) != expected:
                    raise _bad(f"{ascii(entry.name)[:80]} is not what its listing says")
    except (tarfile.TarError, EOFError, OSError) as broken:
        raise _bad(f"it cannot be unpacked: {broken}") from None
    if left:
        raise _bad(f"{len(left)} files of its listing are missing")
    for folder, _, _ in os.walk(own):
        durable.sync_folder(Path(folder))
    durable.replace(own / "ready", b"")


def _swapped(state: Path, own: Path, before: Path, tops: set[str]) -> None:
    """Move what is there aside and what has come into its place; every step can be repeated after a kill."""
    owner = state.stat()
    for top in sorted(entry.name for entry in state.iterdir()):
        is_old = (own / "new" / top).exists() or top not in tops
        if is_old and not top.startswith(".") and (top not in LEFT_OUT or top == "exchange.git"):
            _folder(before, state, owner)
            place = before / top
            while place.exists():
                place = place.with_name(f"{place.name}.again")
            (state / top).rename(place)
    for top in sorted(tops):
        if (own / "new" / top).exists():
            (own / "new" / top).rename(state / top)
    durable.sync_folder(state)
    shutil.rmtree(own, ignore_errors=True)


def _written(target: Path, stream: Any, mtime: float, owner: os.stat_result) -> str:
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as sink:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            sink.write(piece)
        sink.flush()
        os.fchown(handle, owner.st_uid, owner.st_gid)
        os.fsync(handle)
    os.utime(target, (mtime, mtime))
    return digest.hexdigest()


def _folder(path: Path, state: Path, owner: os.stat_result) -> None:
    """Make a folder below the state, and those above it, each with the state's owner."""
    if path in (state, *state.parents) or path.is_dir():
        return
    _folder(path.parent, state, owner)
    path.mkdir(mode=0o755)
    os.chown(path, owner.st_uid, owner.st_gid)


def _is_odd(name: str) -> bool:
    parts = name.split("/")
    return ".." in parts or "." in parts or parts[0].startswith(".") or parts[0] in LEFT_OUT


def _bad(why: str) -> Refusal:
    return Refusal(
        "bad-backup", f"this backup cannot be restored: {why}", "nothing was put in its place; send it again"
    )


# --- both -----------------------------------------------------------------------------------------------------------


def between_wakes(context: HelperContext, *hint: str | SuggestedCommand) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of wakes, once the present wake and its session have ended. Raises Refusal, exit 5, with a hint."""
    path = context.places.state / "locks/agent.lock"
    if not path.exists():  # no agent ever woke here
        return contextlib.nullcontext()
    parts = hint or ("wait for its end, then again",)
    busy = Refusal("agent-busy", "a wake is still going on", *parts, code=ExitStatus.LOCKED)
    return file_lock.hold(
        path,
        _WAKE_S,
        busy,
        on_wait=lambda: context.log("a wake is going on; waiting for its end"),
        check_cancelled=client_alive.require_client,
    )


def _alone(context: HelperContext) -> contextlib.AbstractContextManager[None]:
    """Be the only helper that changes this board, together with what it starts."""
    busy = Refusal(
        "busy", "the board still does what an earlier call began", "wait, then again", code=ExitStatus.LOCKED
    )
    return file_lock.hold(context.places.guard, _BUSY_S, busy, inherited=True)


def _spool(places: Places, kind: str) -> Path:
    return places.base / "deploy" / kind


def _spooled(places: Places, kind: str, request: Request) -> Path:
    name = str(request["id"])
    if not _DIGEST.fullmatch(name):
        raise Refusal("bad-request", f"expected 64 hex digits, got {name!r:.80}", code=ExitStatus.USAGE)
    return _spool(places, kind) / f"{name}.tar.gz"


def _require_room(folder: Path, needed: int) -> None:
    usage = os.statvfs(folder)
    if usage.f_bavail * usage.f_frsize < needed:
        what = f"{folder} has no room for {needed >> 20} MiB"
        raise Refusal("no-room", what, "make some; see: ", invoke("status", host=HOST), code=ExitStatus.REFUSED)


def _size_of(state: Path) -> int:
    return sum(path.stat().st_size for _, path in _kept(state, []))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


VERBS: Mapping[str, Verb] = {
    "backup-open": _open,
    "backup-piece": _piece,
    "backup-close": _close,
    "restore-receive": _receive,
    "restore-commit": _commit,
}
