"""Building an image from its folder.

`docker buildx` builds, the engine is asked for the rest. A build names its bases by digest, dates the image by the
newest commit that touched what is built, and proves itself by drawing a token. Equal inputs make equal images: steps
leave nothing behind that differs (build_context, settle), and what the engine packed is written anew (repack).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from sage_edge import __version__, files, shell
from sage_edge.clock import SystemClock
from sage_edge.image import base_images, build_context, build_record, engine, repack
from sage_edge.image import wheels as wheelhouse
from sage_edge.image.base_images import BuildBases
from sage_edge.image.built import BuiltImage
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import BuildFailed, ClockBehind
from sage_edge.image.spec import ImageCard
from sage_edge.inventory.image import Platform
from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef
from sage_edge.shell import Command, Result

BUILD_S, SMOKE_S = 3 * 3600.0, 300.0
_MACHINES: Mapping[str, str | None] = {"": None, "arm64": "aarch64"}
"""A processor as an image names it, and as Linux does."""

SCRATCHES = Path(".sage") / "building"
"""Below the checkout, beside the store rather than in /tmp: a baked model may have 30 GB."""


@dataclass(frozen=True)
class BuildOrder:
    """What to build. base: an image that is here, instead of the declared ones; only for the cpu platform.

    bake: models in the image, instead of the card's. fresh: take no layer of an earlier build, so that the base's
    packages are today's. owner: the first part of the tag. processor: `arm64`, where the machine has another one and
    runs such programs by an emulator; only for the cpu platform.
    """

    card: ImageCard
    platform: Platform
    base: str | None = None
    bake: tuple[ModelRef, ...] | None = None
    fresh: bool = False
    owner: str = "sage"
    processor: Literal["", "arm64"] = ""

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that the image will carry."""
        return self.card.baked(self.platform) if self.bake is None else self.bake

    @property
    def tag(self) -> str:
        return f"{self.owner}/{self.card.name}:{'-'.join(filter(None, (self.platform, self.processor)))}"


def build(root: Path, fleet: Path, store: Path, order: BuildOrder, log: Callable[[str], None]) -> BuiltImage:
    """Build an image, let it draw a token where it can run here, and write down what it is.

    Raises ClockBehind, BaseUnresolved and what resolving a model raises before anything is fetched; NoEngine,
    EngineTooOld, OtherArchitecture, WheelsMissing, BuildFailed.
    """
    bases = base_images.chosen(root / "images", order.card, order.platform, order.base)
    library = Library(fleet, store)
    for ref in order.models:
        library.resolve(ref)  # before minutes go into packages
    with engine.connect() as docker:
        docker.require_builder()
        require_clock(root, order.card.name, SystemClock().now())
        variant = order.card.platforms[order.platform]
        if order.platform == "cpu":
            base_images.require_processor(docker, bases.runtime, order.processor)
        python = variant.python or base_images.python_of(docker, bases.runtime)
        target = wheelhouse.Target.of(variant, order.platform, python, _MACHINES[order.processor])
        wheels = wheelhouse.ensure(root, order.card, target, log)
        log(f"building {order.tag}{_changed(revision(root, order.card.name))}")
        _build(root, order, bases, library, wheels)
        image = _in_order(docker, root, order, log)
        build_record.keep(root, image)
        if order.platform == "cpu":
            log("letting the image draw a token")
            log(_prove(docker, order, fleet))
    return image


def _build(root: Path, order: BuildOrder, bases: BuildBases, library: Library, wheels: Path) -> None:
    scratches = root / SCRATCHES
    files.make_folder(scratches)
    with tempfile.TemporaryDirectory(prefix=f"{order.card.name}-", dir=scratches) as scratch:
        contexts = build_context.lay_out(root, Path(scratch), order.card, order.platform, library, order.models)
        digest = library.resolve(order.models[0]).digest if order.models else ""
        arguments = {"BUILDER": bases.builder, "RUNTIME": bases.runtime, "MODEL_DIGEST": digest}
        words = _words(root, order, arguments, {**contexts, "wheels": wheels}, Path(scratch))
        done = engine.buildx(*words, timeout_s=BUILD_S)
    if done.code != 0:
        raise BuildFailed(
            f"building {order.tag} failed:\n{_tail(done)}",
            hint=("the same again shows all of it with: docker buildx build --progress=plain …"),
        )


def _words(
    root: Path, order: BuildOrder, bases: Mapping[str, str], contexts: Mapping[str, Path], scratch: Path
) -> tuple[str, ...]:
    """What `docker buildx build` is told."""
    card = order.card
    arguments = {
        **bases, "PLATFORM": order.platform, "ROLE": card.role, "BOARD": card.board,
        "MODEL": order.models[0] if order.models else "", "VERSION": __version__, "REVISION": revision(root, card.name),
        "SOURCE_DATE_EPOCH": str(epoch(root, card.name)),
    }  # fmt: skip
    arch = f"linux/{order.processor}" if order.processor else card.platforms[order.platform].arch
    return (
        "--provenance=false", "--progress=plain", *(() if arch == "native" else ("--platform", arch)),
        *(("--no-cache",) if order.fresh else ()), "--tag", order.tag,
        *(f"--build-arg={key}={value}" for key, value in arguments.items()),
        *(f"--build-context={name}={path}" for name, path in contexts.items()),
        "--file", str(scratch / "Dockerfile"), str(scratch / "inside"),
    )  # fmt: skip


def revision(root: Path, name: str) -> str:
    """The newest commit that touched what is built, with `-dirty` where that was changed since."""
    git = ("git", "--no-optional-locks", "-C", str(root))
    last = shell.attempt(Command((*git, "log", "-1", "--format=%H", "--", *build_record.sources(name))))
    if last.code != 0 or not last.text:
        return "unknown"
    changed = shell.attempt(Command((*git, "status", "--porcelain", "--", *build_record.sources(name))))
    return f"{last.text[:12]}{'-dirty' if changed.text else ''}"


def epoch(root: Path, name: str) -> int:
    """Seconds since 1970 of the newest commit that touched what is built; of 1980 where there is none, or an older."""
    done = shell.attempt(
        Command(("git", "-C", str(root), "log", "-1", "--format=%ct", "--", *build_record.sources(name)))
    )
    return max(int(done.text) if done.code == 0 and done.text.isdigit() else 0, int(wheelhouse.LONG_AGO))


def require_clock(root: Path, name: str, now: datetime) -> None:
    """Return if a clock may be right: what is built was committed before, or within a day. Raises ClockBehind.

    With a clock that stands in 1970 certificates and signatures are not valid yet, and no file fits into a wheel.
    """
    newest = datetime.fromtimestamp(epoch(root, name), timezone.utc)
    if now < newest - _ANOTHER_CLOCK:
        raise ClockBehind(now, newest)


_ANOTHER_CLOCK = timedelta(days=1)
"""By so much the clock of whoever made the commit may be ahead of ours."""


def _changed(commit: str) -> str:
    return f", from a tree that was changed after its commit: {commit}" if commit.endswith("-dirty") else ""


def _in_order(docker: DockerClient, root: Path, order: BuildOrder, log: Callable[[str], None]) -> BuiltImage:
    """Let the image have layers that follow from its files alone; what was packed so before is not packed again."""
    packed = docker.image(order.tag)
    if packed is None:
        raise BuildFailed(f"the engine has no {order.tag} after its build", hint="docker buildx ls; docker images")
    last = build_record.find(root, order.card.name, order.platform, order.processor)
    if last and last.packed_as == packed.id and docker.image(last.id):
        docker.tag(last.id, order.tag)
    else:
        log("putting its layers in order")
        repack.repack(docker, packed.id, order.tag, root / SCRATCHES)
    stored = docker.image(order.tag)
    if stored is None:
        raise BuildFailed(f"the engine has lost {order.tag}", hint="docker images; docker info")
    return BuiltImage(
        id=stored.id,
        name=order.card.name,
        tag=order.tag,
        role=order.card.role,
        board=order.card.board,
        platform=order.platform,
        bytes=stored.bytes,
        model=str(order.models[0]) if order.models else None,
        packed_as=packed.id,
        revision=revision(root, order.card.name),
        processor=order.processor,
    )


def _prove(docker: DockerClient, order: BuildOrder, fleet: Path) -> str:
    """Let the image draw a token, as it will run: no network, nothing writable but what compose gives it."""
    done = docker.run_confined(
        order.tag,
        "sage-smoke",
        tmpfs={"/tmp": "", "/srv/sage/state": "uid=10001,gid=10001"},  # noqa: S108 - inside
        read={fleet: "/srv/sage/fleet"},
        timeout_s=SMOKE_S,
    )
    if done.code != 0:
        raise BuildFailed(
            f"the image's smoke test failed:\n{_tail(done)}",
            hint=f"run it by hand: docker run --rm --entrypoint=sage-smoke {order.tag}",
        )
    return done.text.strip()


def _tail(done: Result) -> str:
    return "\n".join((done.complaint + "\n" + done.text).strip().splitlines()[-20:])
