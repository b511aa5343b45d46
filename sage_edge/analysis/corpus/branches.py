"""Papers in the exchange: `sessions/` of every host's branch, read from git's objects and never from a checkout.

    a hub or any repository     refs/heads/host/<name>
    an agent's clone            refs/heads/host/<self>, and refs/verified/<name> of the others

A group is one tree of a branch and its stamp the tree's name, so what is new is found without listing what is known.
A paper counts on its own host's branch only, and only in the place that its session has there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import Self

from sage_edge.analysis.corpus.sources import SESSIONS, SUFFIX, Entry, Group, Refused, oversized, refused
from sage_edge.errors import UsageError
from sage_edge.exchange import branch_reader, commands, rules
from sage_edge.exchange.commands import VERIFIED, Clone
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.dialogue import Dialogue
from sage_edge.sanitize import one_line

_PIECE_BYTES = 16_000_000
_TOO_LONG = rules.LIMIT_BYTES + 1
_TREE, _FILES = "40000", ("100644", "100755")


@dataclass(frozen=True)
class Branches:
    """The hosts' branches in a repository."""

    repository: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the branches of a repository. Raises UsageError unless it is one."""
        for folder in (path, path / ".git"):
            if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                return cls(folder.resolve())
        raise UsageError(f"{path} is no git repository", hint="name the hub, or a clone of it: --exchange REPO")

    @property
    def key(self) -> str:
        return f"exchange {self.repository}"

    def groups(self, known: Mapping[str, Group], turn: int) -> Iterator[Group]:
        for host, tip in sorted(self._tips().items()):
            listed = self._git("ls-tree", "-r", "-d", "-z", tip, SESSIONS)
            for about, path in _lines(listed):
                _, kind, oid = about.split(" ")
                if kind == "tree":
                    yield Group(f"host/{host}/{path}", oid.encode())

    def entries(self, groups: Sequence[Group]) -> Iterator[Entry]:
        bodies = self._bodies([group.stamp.decode() for group in groups])
        for group in groups:
            for mode, name, oid in _listed(bodies[group.stamp.decode()], len(group.stamp) // 2):
                if mode != _TREE and name.endswith(SUFFIX):
                    yield Entry(group.key, name, oid if mode in _FILES else "")

    def read(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | Refused]]:
        sizes = self._sizes([entry.stamp for entry in entries if entry.stamp])
        for piece in _pieces(entries, sizes):
            bodies = self._bodies([entry.stamp for entry in piece if sizes.get(entry.stamp, _TOO_LONG) < _TOO_LONG])
            for entry in piece:
                yield entry, bodies.get(entry.stamp) or _why_none(entry, sizes.get(entry.stamp))

    def is_as_it_was(self, entry: Entry) -> bool:
        return True  # an object's name follows from its content

    def objection(self, entry: Entry, session: Dialogue) -> str:
        host = entry.group.split("/")[1]
        if session.host != host:
            return f"it says that {one_line(str(session.host))} conducted it"
        own = (
            f"host/{host}/{paper_paths.of_session(SessionId(session.label), session.track)}"
            if session.provenance == "recorded"
            else ""
        )
        return "" if entry.place == own else f"this is not the place of {session.label}"

    def _tips(self) -> dict[str, str]:
        tips = branch_reader.tips(self._clone)
        verified = {ref[len(VERIFIED) :]: tip for ref, tip in tips.items() if ref.startswith(VERIFIED)}
        own = {ref[len(rules.BRANCHES) :]: tip for ref, tip in tips.items() if ref.startswith(rules.BRANCHES)}
        return {**verified, **own}

    def _sizes(self, oids: Sequence[str]) -> dict[str, int]:
        """The sizes of those objects that the repository has."""
        answer = self._git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_asked(oids))
        pairs = (line.split(" ") for line in answer.decode("ascii").splitlines())
        return {oid: int(size) for oid, size in pairs if size != "missing"}

    def _bodies(self, oids: Sequence[str]) -> dict[str, bytes]:
        return dict(rules.objects(self._git("cat-file", "--batch", stdin=_asked(oids)))) if oids else {}

    @property
    def _clone(self) -> Clone:
        return Clone(HostName("nobody"), self.repository, self.repository, self.repository, "")

    def _git(self, *words: str, stdin: bytes = b"") -> bytes:
        return branch_reader.here(self._clone, commands.git(self._clone, *words, stdin=stdin, env=commands.OFFLINE)).out


def _asked(oids: Sequence[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in dict.fromkeys(oids)).encode()


def _lines(listed: bytes) -> Iterator[tuple[str, str]]:
    for line in listed.split(b"\0")[:-1]:
        about, path = line.decode("utf-8", "backslashreplace").split("\t", 1)
        yield about, path


def _listed(tree: bytes, oid_bytes: int) -> Iterator[tuple[str, str, str]]:
    """Mode, name and object of each entry: `<mode> SP <name> NUL <oid>`, as git keeps a tree."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, name = tree[at:end].decode("utf-8", "backslashreplace").split(" ", 1)
        at = end + 1 + oid_bytes
        yield mode, name, tree[end + 1 : at].hex()


def _why_none(entry: Entry, size_bytes: int | None) -> Refused:
    if not entry.stamp:
        return refused(entry.place, "it is no plain file")
    if size_bytes is None:
        return refused(entry.place, "git does not have its content")
    return oversized(entry.place, size_bytes) or refused(entry.place, "it is empty")


def _pieces(entries: Sequence[Entry], sizes: Mapping[str, int]) -> Iterator[list[Entry]]:
    piece: list[Entry] = []
    total = 0
    for entry in entries:
        piece.append(entry)
        total += min(sizes.get(entry.stamp, 0), _TOO_LONG)
        if total > _PIECE_BYTES:
            yield piece
            piece, total = [], 0
    if piece:
        yield piece
