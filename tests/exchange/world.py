"""Two hosts, a hub between them, and somebody with a raw git who keeps no rule."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sage_edge import files
from sage_edge.clock import ClockReading, TimeSource
from sage_edge.exchange import hub
from sage_edge.exchange.post import Post, Sender, Signing
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName, RoleName, SessionId, Slug
from sage_edge.records.study import Decision, Finding
from sage_edge.records.worklog import Status, WorklogLine

SPROUT, THOR = HostName("sprout"), HostName("thor")
FOLDERS: Mapping[str, frozenset[str]] = {
    "sprout": frozenset({"sessions", "decisions", "trusts"}),
    "thor": frozenset({"findings", "checks", "recommendations", "theories", "trusts"}),
    "desk": frozenset({"directives", "trusts"}),
}
START = datetime(2026, 11, 20, 6, tzinfo=timezone.utc)


class StillClock:
    """A clock that moves only when somebody waits; it remembers the waits."""

    source: TimeSource = "set"
    floor: datetime | None = START

    def __init__(self) -> None:
        self.moment = START
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def read(self) -> ClockReading:
        return ClockReading(self.moment)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        self.waits.append(seconds)
        self.moment += timedelta(seconds=seconds)


@dataclass
class World:
    """A folder with a hub and every host's state."""

    folder: Path
    clock: StillClock = field(default_factory=StillClock)
    signers: tuple[Signer, ...] = ()
    keys: dict[str, Path] = field(default_factory=dict)

    @property
    def hub(self) -> Path:
        return self.folder / "hub.git"

    def open_hub(self, *, doorkeeper: bool = True) -> None:
        hub.init(self.hub, FOLDERS)
        if not doorkeeper:
            (self.hub / "hooks" / "pre-receive").unlink()
            for key in ("denyNonFastForwards", "denyDeletes", "fsckObjects"):
                git(self.hub, "config", f"receive.{key}", "false")

    def state(self, host: str) -> Path:
        return self.folder / host

    def papers(self, host: str) -> Path:
        return self.state(host) / "papers"

    def clone(self, host: str) -> Path:
        return self.state(host) / "exchange.git"

    def post(self, host: HostName, remote: str | None = None, *, opened: bool = True) -> Post:
        """The host's post, ready for use; remote: how the hub is spelled, or which other one it is.

        opened False: as it is in a new process, before its first look.
        """
        post = Post(
            self.papers(host),
            self.clone(host),
            self.state(host) / "locks",
            remote or str(self.hub),
            Sender(host, FOLDERS, Signing(self.signers, self.keys.get(host))),
            self.clock,
        )
        if opened:
            post.open()
        return post

    def on_hub(self, host: str) -> dict[str, bytes]:
        """Path → content of a host's branch on the hub."""
        listed = git(self.hub, "ls-tree", "-r", "--name-only", f"host/{host}", check=False).split()
        return {path: raw(self.hub, "show", f"host/{host}:{path}") for path in listed}

    def in_papers(self, host: str) -> dict[str, bytes]:
        """Path → content of every file in a host's papers."""
        root = self.papers(host)
        return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.glob("**/*") if p.is_file()}


def decision(number: int = 1, reason: str = "it fits") -> Decision:
    """A paper of sprout."""
    return Decision(
        author=SPROUT,
        recommendation=files.digest(str(number).encode()),
        verdict="accepted",
        reason=reason,
        decided_by="policy",
        created=START,
    )


def finding(number: int = 1) -> Finding:
    """A paper of thor."""
    return Finding(
        author=THOR,
        subject=SPROUT,
        session=SessionId.of("P", number),
        transcript=files.digest(b"transcript"),
        intervention=Slug("none"),
        intervention_version=1,
        measures=(),
        created=START,
    )


def line(text: str, host: HostName = SPROUT) -> WorklogLine:
    """A worklog line of the test's month."""
    return WorklogLine(at=START, host=host, event=Slug("noted"), text=text)


def status(host: HostName = SPROUT, release: str = "r1") -> Status:
    """A status page."""
    return Status(host=host, role=RoleName("practitioner"), at=START, time_source="set", release=release)


# --- somebody with a raw git ----------------------------------------------------------------------------------------

_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_DATE": "@1795154400 +0000",
    "GIT_COMMITTER_DATE": "@1795154400 +0000",
    "LC_ALL": "C",
}


def raw(
    where: Path, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, check: bool = True
) -> bytes:
    """Run git in a folder; return its output."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", *words], cwd=where, input=stdin, capture_output=True, env={**clean, **_ENV, **(env or {})}, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"git {words}: {done.stderr.decode()}")
    return done.stdout


def git(where: Path, *words: str, stdin: bytes = b"", check: bool = True) -> str:
    """Run git in a folder; return its output as text."""
    return raw(where, *words, stdin=stdin, check=check).decode().strip()


@dataclass
class Stranger:
    """Pushes what it likes to whose branch it likes, with plumbing: no index, no work tree, no checks."""

    folder: Path
    hub: Path
    key: Path | None = None

    def __post_init__(self) -> None:
        git(self.folder.parent, "init", "--quiet", "--bare", str(self.folder))

    def tip(self, host: str) -> str | None:
        """Where the hub's branch is; its objects are fetched."""
        found = git(self.hub, "rev-parse", "--verify", "--quiet", f"refs/heads/host/{host}", check=False)
        if found:
            git(self.folder, "fetch", "--quiet", str(self.hub), f"refs/heads/host/{host}")
        return found or None

    def commit(
        self,
        parents: Sequence[str],
        entries: Mapping[str, tuple[str, bytes] | None],
        *,
        author: str,
        committer: str,
        message: str,
    ) -> str:
        """Make a commit whose tree is the first parent's with some entries (mode, content) put in, or taken out."""
        index = str(self.folder / "index")
        env = {"GIT_INDEX_FILE": index, "GIT_DIR": str(self.folder)}
        people = {
            "GIT_AUTHOR_NAME": "x",
            "GIT_COMMITTER_NAME": "x",
            "GIT_AUTHOR_EMAIL": author,
            "GIT_COMMITTER_EMAIL": committer,
        }
        Path(index).unlink(missing_ok=True)
        if parents:
            raw(self.folder, "read-tree", parents[0], env=env)
        raw(self.folder, "update-index", "-z", "--index-info", stdin=b"".join(self._lines(entries)), env=env)
        tree = raw(self.folder, "write-tree", env=env).decode().strip()
        flags = [word for parent in parents for word in ("-p", parent)]
        signed = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.key}") if self.key else ()
        flags += ["-S"] if self.key else []
        made = raw(self.folder, *signed, "commit-tree", tree, *flags, stdin=message.encode(), env={**env, **people})
        return made.decode().strip()

    def _lines(self, entries: Mapping[str, tuple[str, bytes] | None]) -> Iterator[bytes]:
        for path, entry in entries.items():
            if entry is None:
                yield f"0 {'0' * 40}\t{path}\0".encode()
            elif entry[0] == "160000":
                yield f"160000 {'1' * 40}\t{path}\0".encode()
            else:
                oid = git(self.folder, "hash-object", "-w", "--stdin", stdin=entry[1])
                yield f"{entry[0]} {oid}\t{path}\0".encode()

    def push(self, commit: str, ref: str) -> tuple[int, str]:
        """Force a ref to a commit (empty: delete it); exit status and what the hub said."""
        done = subprocess.run(
            ["git", f"--git-dir={self.folder}", "push", "--force", str(self.hub), f"{commit}:{ref}"],
            capture_output=True,
            env={**os.environ, **_ENV},
            check=False,
        )
        return done.returncode, done.stderr.decode()
