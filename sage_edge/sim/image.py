"""The image of the stand-ins: a Debian base without any registry, and what board/Dockerfile adds to it.

Both are named after what they are made of, so nothing is made twice, and a changed recipe is a new image:

    sage-sim-base:<12 hex>     debootstrap's minimal Debian 12, taken in by `docker import`
    sage-sim-board:<12 hex>    base and every file of board/
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sage_edge import locks, shell
from sage_edge.errors import CommandFailed
from sage_edge.hints import invoke
from sage_edge.image import engine
from sage_edge.image.engine import DockerClient
from sage_edge.shell import Command
from sage_edge.sim.containers import require_room
from sage_edge.sim.errors import SimError

BUILDING_S = 1800.0
RECIPE = Path(__file__).parent / "board"
SUITE = "bookworm"
BUILD_BYTES = 4_000_000_000
"""What building needs for a while: the base three times over (unpacked, packed, imported) and the layers on it."""

_DEBOOTSTRAP = ("debootstrap", "--variant=minbase", SUITE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+]*://\S+")


def name(base: str) -> str:
    """Return the name of the image that board/ makes of a base."""
    state = hashlib.sha256(base.encode())
    for path in sorted(RECIPE.iterdir()):
        state.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return f"sage-sim-board:{state.hexdigest()[:12]}"


def own_base() -> str:
    """Return the name of the base that we make ourselves."""
    return f"sage-sim-base:{hashlib.sha256(' '.join(_DEBOOTSTRAP).encode()).hexdigest()[:12]}"


def ensure(docker: DockerClient, log: Callable[[str], None], base: str | None = None) -> str:
    """Return the name of the stand-ins' image, made now where it is missing. base: a Debian 12 image to build upon.

    Raises SimError: a base that is not there, no right or no tool to make one, a build that failed; DiskTooSmall.
    """
    if base is not None and docker.image(base) is None:
        raise SimError(
            f"the engine has no image {base}", hint=(f"docker pull {base}; or without --base: ", invoke("sim.up"))
        )
    wanted = name(base or own_base())
    if docker.image(wanted) is None:
        with _alone():
            if docker.image(wanted) is None:
                require_room(docker, BUILD_BYTES)
                _build(wanted, base or _ensure_base(docker, log), log)
    return wanted


def ensure_base(log: Callable[[str], None]) -> str:
    """Return the name of the base that we make ourselves, made now where it is missing. Raises SimError."""
    with engine.connect() as docker:
        if docker.image(own_base()) is None:
            with _alone():
                _ensure_base(docker, log)
    return own_base()


def _alone() -> AbstractContextManager[None]:
    lock = Path(tempfile.gettempdir()) / f"sage-sim-image-{os.getuid()}.lock"
    return locks.hold(lock, "the stand-ins' image", wait_s=BUILDING_S)


def _build(wanted: str, base: str, log: Callable[[str], None]) -> None:
    log("building the stand-ins' image: systemd, sshd, Docker, Compose (about half a minute, once)")
    words = ("--quiet", "--build-arg", f"BASE={base}", "--tag", wanted, str(RECIPE))
    done = engine.buildx(*words, timeout_s=BUILDING_S)
    if done.code != 0:
        tail = "\n".join((done.complaint or done.text).splitlines()[-20:])
        raise SimError(
            f"the stand-ins' image could not be built:\n{tail}",
            hint=f"see all of it: docker buildx build --build-arg BASE={base} {RECIPE}",
        )


def _ensure_base(docker: DockerClient, log: Callable[[str], None]) -> str:
    wanted = own_base()
    if docker.image(wanted) is not None:
        return wanted
    other = ("or name a Debian 12 image: ", invoke("sim.up", base="debian:bookworm"))
    if shutil.which(_DEBOOTSTRAP[0]) is None:
        raise SimError(
            "debootstrap, which makes a Debian base, is not installed", hint=(".ci/engine gets it; ", *other)
        )
    if os.geteuid() != 0:
        raise SimError("only root can make a Debian base with debootstrap", hint=("do it as root; ", *other))
    log("making a Debian base with debootstrap (about half a minute, once)")
    # not in /tmp, which may be in memory or forbid devices
    with tempfile.TemporaryDirectory(prefix="sage-sim-", dir="/var/tmp") as folder:
        root, tar = Path(folder) / "root", Path(folder) / "root.tar"
        mirror = mirrors(Path("/etc/apt"))[:1]
        try:
            shell.run(Command((*_DEBOOTSTRAP, str(root), *mirror), timeout_s=BUILDING_S))
            shell.run(Command(("tar", "-C", str(root), "-cf", str(tar), "."), timeout_s=BUILDING_S))
        except CommandFailed as failed:
            raise SimError(f"no Debian base: {failed.message}", hint=("see what is missing; ", *other)) from None
        docker.import_root(tar, wanted, ("/bin/bash",))
    return wanted


def mirrors(apt: Path) -> list[str]:
    """Return the addresses from which this machine itself gets Debian 12; none: debootstrap knows one.

    Both of apt's formats are read; other suites, other components than main and comments are passed over.
    """
    addresses: list[str] = []
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text("utf-8")):
            lines = (line.partition(":") for line in stanza.splitlines() if not line.startswith("#"))
            says = {key.strip().lower(): value.split() for key, _, value in lines}
            if SUITE in says.get("suites", ()) and "main" in says.get("components", ()):
                addresses += says.get("uris", ())
    for path in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))):
        for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
            words = re.sub(r"\[[^]]*\]", "", line).split()
            if words[:1] == ["deb"] and SUITE in words[2:3] and "main" in words[3:]:
                addresses.append(words[1])
    return [address for address in dict.fromkeys(addresses) if _ADDRESS.fullmatch(address)]
