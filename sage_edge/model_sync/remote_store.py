"""What runs on the other side: `sh` and what every Debian has (coreutils, rsync), nothing of ours.

    LOOK   one round trip: where the store is, what is in it, how much room there is, which tools are missing
    KEEP   hash what arrived; only then move it to its place, and write the model's name last

Both print lines that begin with one word; `read` and `read_kept` turn them into values. The store lies where
SAGE_MODELS of the login says, else in /srv/sage/models, and has the layout of `models.store.store`; unfinished files
are partial/sync/sha256-<64 hex>.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sage_edge.models import manifest as manifests
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef
from sage_edge.paths import SYSTEM_MODELS

NEEDED = ("sha256sum", "rsync", "mkdir", "mv", "rm", "chmod", "cat", "wc", "df")

LOOK = f"""
LC_ALL=C; export LC_ALL; marker=$1; shift
store=${{SAGE_MODELS:-{SYSTEM_MODELS}}}; echo "store $store"
for tool in {" ".join(NEEDED)}; do command -v "$tool" >/dev/null 2>&1 || echo "lacks $tool"; done
command -v sage-edge >/dev/null 2>&1 && echo "prepares"
there=$store; while [ ! -d "$there" ] && [ -n "$there" ]; do there=${{there%/*}}; done
df -Pk "${{there:-/}}" 2>/dev/null | while read -r line; do echo "df $line"; done
cd "$store" 2>/dev/null || exit 0
wc -c blobs/sha256-* partial/sync/sha256-* 2>/dev/null | while read -r size name; do echo "file $size $name"; done
for name in "$@"; do
  [ -f "manifests/$name" ] || continue
  echo "$marker $name"; cat "manifests/$name" 2>/dev/null; echo; echo "$marker"
done
exit 0
"""
"""$1: a word that no manifest holds; then the manifests to show, as paths below manifests/."""

KEEP = """
LC_ALL=C; export LC_ALL; umask 022
store=$1; name=$2; text=$3; shift 3
cd "$store" && mkdir -p blobs partial/sync || exit 1
if command -v flock >/dev/null 2>&1; then exec 9>>in-use.lock && flock -s -w 600 9 || { echo "busy"; exit 1; }; fi
bad=0
for word in "$@"; do
  hex=${word#have:}; at=blobs/sha256-$hex
  [ "$word" = "$hex" ] || { [ -f "$at" ] || { echo "gone $hex"; bad=1; }; continue; }
  [ -f "partial/sync/sha256-$hex" ] && at=partial/sync/sha256-$hex
  [ -f "$at" ] || { echo "gone $hex"; bad=1; continue; }
  found=$(sha256sum < "$at") || exit 1
  found=${found%% *}
  if [ "$found" != "$hex" ]; then echo "wrong $hex $found"; rm -f "$at"; bad=1; continue; fi
  [ "$at" = "blobs/sha256-$hex" ] && continue
  chmod 0444 "$at" && { sync "$at" || sync || :; } 2>/dev/null && mv -f "$at" "blobs/sha256-$hex" || exit 1
done
[ "$bad" = 0 ] || exit 0
{ sync blobs || sync || :; } 2>/dev/null
folder=manifests/${name%/*}; next=$folder/.tmp-sync-$$
mkdir -p "$folder" && cat > "$next" || { rm -f "$next"; exit 1; }
found=$(sha256sum < "$next")
[ "${found%% *}" = "$text" ] || { rm -f "$next"; echo "torn"; exit 0; }
chmod 0644 "$next" && { sync "$next" || sync || :; } 2>/dev/null && mv -f "$next" "manifests/$name" || exit 1
{ sync "$folder" || sync || :; } 2>/dev/null
echo "kept"
"""
"""$1 store, $2 manifest path, $3 sha256 of its bytes, which come on stdin; then the hex digests of its blobs:
to be hashed, or with `have:` in front only to be there."""

_FREE = re.compile(r"\s\d+\s+\d+\s+(\d+)\s+\d+%")
_FILE = re.compile(r"file (\d+) (blobs|partial/sync)/(sha256-[0-9a-f]{64})")


@dataclass(frozen=True)
class FarStore:
    """What LOOK saw. Sizes in bytes; `free_bytes` None: `df` did not say."""

    root: PurePosixPath
    lacks: tuple[str, ...] = ()
    prepares: bool = False
    free_bytes: int | None = None
    blobs: Mapping[Digest, int] = field(default_factory=dict)
    parts: Mapping[Digest, int] = field(default_factory=dict)
    manifests: Mapping[ModelRef, Manifest] = field(default_factory=dict)

    def missing(self, manifest: Manifest) -> tuple[ListedFile, ...]:
        """The listed files whose bytes are not in the store, each digest once, by path."""
        wanted = {file.digest: file for file in manifest.files}
        absent = [file for digest, file in wanted.items() if self.blobs.get(digest) != file.size_bytes]
        return tuple(sorted(absent, key=lambda file: file.path))

    def has(self, manifest: Manifest) -> bool:
        """Whether the store holds this very model, by its name and by the sizes of its files."""
        named = self.manifests.get(manifest.ref)
        return named is not None and named.digest() == manifest.digest() and not self.missing(manifest)


def name_of(ref: ModelRef) -> str:
    """The path of a model's manifest below manifests/, as `Store` lays it out."""
    return Store(Path("/")).manifest_path(ref).relative_to("/manifests").as_posix()


def read(text: str, marker: str, refs: Sequence[ModelRef]) -> FarStore:
    """Return what LOOK printed. Raises ValueError for an answer that is none, and for a broken manifest."""
    names = {name_of(ref): ref for ref in refs}
    found: dict[ModelRef, Manifest] = {}
    facts, *shown = text.split(f"{marker} ")
    for piece in shown:
        name, _, rest = piece.partition("\n")
        manifest = manifests.parse(rest.partition(f"\n{marker}")[0].encode())
        if names.get(name) != manifest.ref:
            raise ValueError(f"{name} lists {manifest.ref}")
        found[manifest.ref] = manifest
    lines = facts.splitlines()
    roots = [line[6:] for line in lines if line.startswith("store /")]
    if len(roots) != 1:
        raise ValueError(f"no store is named, but: {facts[:200]!r}")
    sizes = [match.groups() for match in map(_FILE.fullmatch, lines) if match]
    free = [int(match[1]) * 1024 for line in lines if line.startswith("df ") and (match := _FREE.search(line))]
    return FarStore(
        root=PurePosixPath(roots[0]),
        lacks=tuple(line[6:] for line in lines if line.startswith("lacks ")),
        prepares="prepares" in lines,
        free_bytes=free[-1] if free else None,
        blobs={_digest(name): int(size) for size, place, name in sizes if place == "blobs"},
        parts={_digest(name): int(size) for size, place, name in sizes if place != "blobs"},
        manifests=found,
    )


def _digest(name: str) -> Digest:
    return Digest(f"sha256:{name.removeprefix('sha256-')}")


@dataclass(frozen=True)
class Kept:
    """What KEEP did: wrong: digest → what the bytes really were (they are deleted there); gone: were not there."""

    done: bool
    wrong: Mapping[Digest, Digest]
    gone: tuple[Digest, ...]
    busy: bool


def read_kept(text: str) -> Kept:
    """Return what KEEP printed."""
    words = [line.split() for line in text.splitlines()]
    return Kept(
        done=["kept"] in words,
        wrong={_digest(word[1]): _digest(word[2]) for word in words if word[:1] == ["wrong"]},
        gone=tuple(_digest(word[1]) for word in words if word[:1] == ["gone"]),
        busy=["busy"] in words,
    )
