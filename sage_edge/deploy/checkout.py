"""The files of a checkout that releases are made of, each read once: all hosts of one command get the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sage_edge import files, shell
from sage_edge.clock import SystemClock
from sage_edge.deploy import host_declarations, parsed_compose
from sage_edge.deploy.errors import ModelNotLocked
from sage_edge.deploy.host_declarations import HostDeclarations
from sage_edge.errors import DeclarationError, Fault
from sage_edge.image import build_record, spec
from sage_edge.image.built import BuiltImage
from sage_edge.image.spec import ImageCard
from sage_edge.inventory import signers
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import Host
from sage_edge.models import resolve
from sage_edge.models.lock import read_lock
from sage_edge.names import Digest, ModelRef
from sage_edge.shell import Command

T = TypeVar("T")


class Checkout:
    """The files of a checkout, read on demand from any thread and kept; a later change does not reach this command."""

    def __init__(self, root: Path, fleet: Fleet) -> None:
        self.root, self.fleet = root, fleet
        self._lock = threading.RLock()
        self._read: dict[tuple[str, ...], Any] = {}

    def compose(self, name: str) -> str:
        """Return a file of compose/. Raises DeclarationError when it is no YAML."""
        return self._once(("compose", name), lambda: _compose(self.root, name))

    def declarations(self) -> Mapping[str, str]:
        """Return every declaration that a board needs: path below fleet/ → text."""
        return self._once(("declarations",), lambda: {**declared(self.fleet.folder), **_signers(self.fleet)})

    def concerning(self, host: Host) -> HostDeclarations:
        """Return the declarations that concern a host. Raises DeclarationError."""
        return self._once(("concerning", host.name), lambda: host_declarations.concerning(self.fleet, host))

    def image_card(self, role: str) -> ImageCard:
        """Return the image for a role. Raises UsageError when there is none."""
        return self._once(("card", role), lambda: spec.card_for(self.root / "images", role))

    def counter(self) -> int:
        """Return how many commits this checkout has, by which a board tells older from newer; 0 outside of git."""
        return self._once(("counter",), lambda: _counter(self.root))

    def outdated(self, image: BuiltImage) -> str | None:
        """Return why an image may not be what its sources make, as `build_record.outdated`."""
        return self._once(("outdated", image.id), lambda: build_record.outdated(self.root, image, SystemClock().now()))

    def commit(self) -> str:
        """Return the commit of this checkout, 12 hex digits, `-dirty` where fleet/ or compose/ differs from it.

        Empty where it is no checkout of git.
        """
        return self._once(("commit",), lambda: _commit(self.root, self.fleet.folder))

    def models(self, host: Host) -> Mapping[ModelRef, Digest]:
        """Return the models that a host needs, by digest: of the locked manifest, or of what ships with the code.

        Raises ModelNotLocked.
        """
        return self._once(("models", host.name), lambda: _models(self.fleet, host))

    def shipped(self, host: Host) -> frozenset[ModelRef]:
        """Return those of a host's models that come with the code, in every image."""
        return self._once(("shipped", host.name), lambda: frozenset(resolve.known((resolve.SHIPPED,))) & {*host.models})

    def _once(self, key: tuple[str, ...], read: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._read:
                self._read[key] = read()
            content: T = self._read[key]
        return content


def _counter(root: Path) -> int:
    counted = shell.attempt(Command(("git", "-C", str(root), "rev-list", "--count", "HEAD")))
    return int(counted.text) if counted.code == 0 else 0


def declared(folder: Path) -> dict[str, str]:
    """Return every declaration below a fleet folder that a board needs: path → text."""
    paths = (path for path in files.listed(folder, "**/*") if path.is_file() and path.suffix in (".yaml", ".lock"))
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def _signers(fleet: Fleet) -> dict[str, str]:
    """Who signs on these machines: a board finds it in its fleet/, wherever it lies here."""
    text = signers.read(fleet.addresses)
    return {signers.FILE: text} if text else {}


def _commit(root: Path, fleet: Path) -> str:
    git = ("git", "--no-optional-locks", "-C", str(root))
    head = shell.attempt(Command((*git, "rev-parse", "HEAD")))
    if head.code != 0:
        return ""
    changed = shell.attempt(Command((*git, "status", "--porcelain", "--", str(fleet.absolute()), "compose")))
    return f"{head.text[:12]}{'-dirty' if changed.code != 0 or changed.text else ''}"


def _models(fleet: Fleet, host: Host) -> dict[ModelRef, Digest]:
    if not host.models:
        return {}
    shelf, locked = resolve.known((resolve.SHIPPED,)), read_lock(fleet.folder)
    digests: dict[ModelRef, Digest] = {}
    for ref in host.models:
        if ref in shelf:
            digests[ref] = Digest(f"sha256:{shelf[ref][1].sha256}")
        elif (entry := locked.get(ref)) is not None:
            digests[ref] = entry.manifest
        else:
            raise ModelNotLocked(host.name, ref)
    return digests


def _compose(root: Path, name: str) -> str:
    place = f"compose/{name}.yaml"
    try:
        text = (root / place).read_text("utf-8")
        parsed_compose.meaning(text)  # parsed once, here and for the release: compose has tags of its own, like !reset
    except (OSError, ValueError, yaml.YAMLError) as odd:
        line = getattr(getattr(odd, "problem_mark", None), "line", None)
        where = "" if line is None else f"line {line + 1}"
        why = getattr(odd, "problem", None) or getattr(odd, "strerror", None) or str(odd)
        hint = f"mend the file, then see what compose makes of it: docker compose -f {place} config"
        raise DeclarationError([Fault(place, where, f"cannot be read: {why}")], hint=hint) from None
    return text
