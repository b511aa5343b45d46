"""Run rsync over the fleet's strict ssh, and count what crossed the wire.

Files go to `partial/sync/` under the name of their digest and are only ever appended to there (`--append-verify`), so
what a killed copy has brought stays and the next one sends the rest. rsync compares a checksum of the whole file in
the end; whoever takes the file from there hashes it once more, because an equally long wrong file is skipped by rsync.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO, cast

from sage_edge import sanitize
from sage_edge.errors import CommandFailed, StorageError, Unreachable
from sage_edge.model_sync.errors import NoRsync
from sage_edge.names import Digest, HostName
from sage_edge.remote.errors import ShellInTheWay
from sage_edge.remote.ssh import config

STALL_S = 60
"""Seconds without a byte after which rsync gives up."""

_BASIC = (
    "--append-verify",
    "--partial",
    "--no-human-readable",
    "--info=progress2,stats2",
    "--outbuf=L",
    "--secluded-args",
    "--perms",
    "--chmod=F600",
    f"--timeout={STALL_S}",
    "--files-from=-",
)
_LOST = {10, 12, 30, 35, 255}  # socket, protocol stream, timeout, connection timeout, ssh itself
_PROGRESS = re.compile(r"\s*(\d+)\s+\d+%")
_STATS = re.compile(r"Total bytes (?:sent|received): ([\d,]+)")


@dataclass(frozen=True)
class Side:
    """The far end of a copy: which host, the folder there, and our folder with ssh_config and known_hosts."""

    host: HostName
    folder: PurePosixPath
    addresses: Path


def push(side: Side, store: Path, limit: int | None) -> tuple[str, ...]:
    """Words that copy blobs of `store` to a folder of the host. limit: bytes a second, at least 1024."""
    return (*_rsync(side, limit), f"{store / 'blobs'}/", f"{side.host}:{side.folder}/")


def pull(side: Side, into: Path, limit: int | None) -> tuple[str, ...]:
    """Words that copy files of a folder of the host to the folder `into`. limit: bytes a second, at least 1024."""
    return (*_rsync(side, limit), f"{side.host}:{side.folder}/", f"{into}/")


def _rsync(side: Side, limit: int | None) -> tuple[str, ...]:
    slow = () if limit is None else (f"--bwlimit={max(1, limit // 1024)}",)
    return ("rsync", *_BASIC, *slow, "--rsh", config.quoted_for_rsync(config.ssh(side.addresses)))


def carry(words: Sequence[str], digests: Sequence[Digest], on_progress: Callable[[int], None], host: HostName) -> int:
    """Run one of the commands above for these blobs and return the bytes that crossed the wire, both ways.

    on_progress: gets how many bytes of the whole have arrived.
    Raises Unreachable when the host went away (start again: nothing is sent twice), StorageError, CommandFailed.
    """
    names = "".join(f"sha256-{digest[7:]}\n" for digest in digests).encode()
    with tempfile.TemporaryFile() as wanted, tempfile.TemporaryFile() as complaint:
        wanted.write(names)
        wanted.seek(0)
        code, crossed = _run(words, wanted, complaint, on_progress)
        complaint.seek(0)
        if code != 0:
            raise _refusal(code, complaint.read().decode("utf-8", "replace"), words, host)
    return crossed


def _run(
    words: Sequence[str], stdin: IO[bytes], stderr: IO[bytes], on_progress: Callable[[int], None]
) -> tuple[int, int]:
    env = {**os.environ, "LC_ALL": "C"}
    try:
        process = subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=env)
    except FileNotFoundError:
        raise NoRsync(None) from None
    with process:
        try:
            crossed = _follow(cast(BufferedReader, process.stdout), on_progress)
            return process.wait(), crossed
        except BaseException:
            process.kill()
            raise


def _follow(stdout: BufferedReader, on_progress: Callable[[int], None]) -> int:
    """Report progress, and return the bytes that the statistics at the end name."""
    crossed, left = 0, b""
    while piece := stdout.read1(1 << 16):
        *lines, left = re.split(rb"[\r\n]", left + piece)
        for line in (line.decode("utf-8", "replace") for line in lines):
            if match := _PROGRESS.match(line):
                on_progress(int(match[1]))
            elif match := _STATS.match(line):
                crossed += int(match[1].replace(",", ""))
    return crossed


def _refusal(code: int, complaint: str, words: Sequence[str], host: HostName) -> Exception:
    last = " ".join(line for line in complaint.strip().splitlines()[-6:] if "rsync error" not in line)
    if "No space left" in complaint or "Disk quota" in complaint:
        return StorageError(f"the model store ({host} or this machine)", last[:300])
    if "rsync: command not found" in complaint or "rsync: not found" in complaint:
        return NoRsync(host)
    if "is your shell clean?" in complaint:  # its first words were not rsync's
        return ShellInTheWay(host, code, sanitize.one_line(complaint.strip().splitlines()[0])[:300])
    if code in _LOST:
        return Unreachable(
            f"{host} went away while a model was copied: {last[:300] or f'rsync ended with {code}'}",
            hint="start the same command again: it goes on where it stopped",
        )
    return CommandFailed(words, code, complaint)
