"""Read, write and switch the releases on a board's disk.

/srv/sage/releases/<12 hex>/release.json    records.release.Release as JSON, canonical; its sha256 is the release's id
/srv/sage/releases/<12 hex>/…               compose.yaml, .env, fleet/…
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sage_edge.host import durable, release_listing
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke

_ID = re.compile(r"[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{12}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
MOST_TEXT_BYTES = 1 << 20
"""The longest file of a release that is shown."""


class Released(NamedTuple):
    """What the helper needs of a release; everything else in release.json is for others.

    image: the image's id. image_from: what to pull for it, one after the other (host.image_pull); nothing when it is
    already here. models: reference → digest of its manifest.
    """

    id: str
    host: str
    role: str
    board: str
    image: str
    models: Mapping[str, str]
    image_from: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The first 12 hex digits: the folder's name."""
        return self.id[:12]


def twelve(image: str) -> str:
    """Return the first 12 hex digits of an image's id, for people; any other text as it is."""
    return image[7:19] if _IMAGE.fullmatch(image) else image


def parse(content: bytes, image_from: tuple[str, ...] = ()) -> Released:
    """Return the release that release.json holds; its id is computed, not believed. Raises Refusal."""
    try:
        document = json.loads(content)
        models = {str(key): str(value) for key, value in document["models"].items()}
        host, role, board, image = (document[key] for key in ("host", "role", "board", "image"))
        released = Released(hashlib.sha256(content).hexdigest(), host, role, board, image, models, image_from)
    except (ValueError, KeyError, TypeError, AttributeError):
        again = invoke("deploy", host=HOST)
        raise Refusal("bad-release", "release.json is none", "deploy again: ", again, code=ExitStatus.USAGE) from None
    if not _IMAGE.fullmatch(released.image):
        what = f"expected an image id, got {released.image!r:.80}"
        raise Refusal("bad-release", what, invoke("image.build", host=HOST), code=ExitStatus.USAGE)
    return released


def read(places: Places, short: str) -> Released:
    """Return a release that lies on the board. Raises Refusal when it is not there or was changed."""
    if not _SHORT.fullmatch(short):
        raise _unknown(f"expected 12 hex digits, got {short!r:.40}")
    path = places.releases / short / "release.json"
    if not path.is_file():
        raise _unknown(f"no release {short} on this board")
    released = parse(path.read_bytes())
    if released.short != short:
        raise Refusal("release-changed", f"{path} was changed: it is {released.short} now", "deploy again")
    return released


def named(places: Places, given: str) -> str:
    """Return the release that a person means by its id, in full or short, or by a beginning that only one has.

    Raises Refusal, which names what fits instead.
    """
    short = given[:12]
    fitting = [known for known in all_of(places) if short and known.startswith(short)]
    if short in fitting or not fitting:
        return short
    if len(fitting) > 1:
        raise _unknown(f"release {short} may be {', '.join(sorted(fitting))}")
    return fitting[0]


def _unknown(what: str) -> Refusal:
    known = invoke("rollback", host=HOST, list=True)
    return Refusal("unknown-release", what, "see which there are: ", known, code=ExitStatus.USAGE)


def current(places: Places) -> str | None:
    """Return the release that `current` points at, or None."""
    try:
        target = places.current.readlink()
    except OSError:
        return None
    return target.name if _SHORT.fullmatch(target.name) else None


def write(places: Places, released: Released, files: Mapping[str, str]) -> bool:
    """Make a release's folder hold these files and no others; return False when it did already. Raises Refusal.

    The id does not cover .env, which follows the board; and what somebody changed is mended.
    """
    folder = places.releases / released.short
    for name in files:
        _inside(name)
    foreign = [name for name in release_listing.names(folder) if name not in files or not _is_plain(folder / name)]
    for name in foreign:  # before anything is written: it may lead elsewhere
        (folder / name).unlink()
    for name in files:
        if (folder / name).is_dir():
            _remove_folder(folder / name)
    fresh = [name for name, text in files.items() if _text(folder / name) != text]
    fresh += [name for name in release_listing.changed(folder) or () if name in files and name not in fresh]
    for name in sorted(fresh, key=lambda name: name == "release.json"):  # release.json last: it makes the folder count
        durable.replace(folder / name, files[name].encode("utf-8"), 0o600 if name == ".env" else 0o644)
    if fresh or foreign or release_listing.changed(folder) != []:
        release_listing.write(folder)
    durable.sync_folder(places.releases)
    return bool(fresh or foreign)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _remove_folder(path: Path) -> None:
    import shutil  # milliseconds that a probe does not need

    shutil.rmtree(path)


def require_unchanged(places: Places, short: str) -> None:
    """Raise Refusal when files of a release are no longer those that were staged.

    One that an older helper staged was never listed; it is taken as it lies there, and listed now.
    """
    folder = places.releases / short
    changed = release_listing.changed(folder)
    if changed is None:
        release_listing.write(folder)
    elif changed:
        raise Refusal(
            "release-changed",
            f"release {short} is not what was staged: {', '.join(changed[:5])}",
            "take another one: ",
            invoke("rollback", host=HOST, list=True),
            "; or ",
            invoke("deploy", host=HOST),
        )


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def texts(places: Places, short: str) -> dict[str, str]:
    """Return the files of a release by path: what it was made of, without .env, which is the board's own.

    What is no plain text of a size that a declaration has is left out: whoever reads them takes nothing on trust.
    """
    folder, contents = places.releases / short, {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != ".env" and path.stat().st_size <= MOST_TEXT_BYTES:
            text = _text(path)
            if text is not None:
                contents[path.relative_to(folder).as_posix()] = text
    return contents


def _inside(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name:
        raise Refusal(
            "bad-path", f"expected a path inside the release, got {name!r:.80}", "deploy again", code=ExitStatus.USAGE
        )


def switch(places: Places, short: str | None) -> None:
    """Make `current` point at a release; None: at nothing."""
    if short is None:
        places.current.unlink(missing_ok=True)
        durable.sync_folder(places.base)
    else:
        durable.link(places.current, f"releases/{short}")


def all_of(places: Places) -> list[str]:
    """Return every release on the board, sorted."""
    if not places.releases.is_dir():
        return []
    return sorted(folder.name for folder in places.releases.iterdir() if _SHORT.fullmatch(folder.name))


def summary(places: Places, short: str) -> dict[str, Any]:
    """Return release.json's content for people; an unreadable one is an empty object."""
    try:
        return dict(json.loads((places.releases / short / "release.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
