"""Building an image from its folder.

The engine is driven by its command line. A build names its bases by digest, dates the image by the newest commit that
touched what is built, and proves itself by drawing a token. Equal inputs make equal images (contexts, settle), but for
one case: upon a layer that it has built twice, Docker without containerd's image store may pack the next one in another
order of paths, and without folders in which nothing changed. The files are the same; the digest is not, and a deploy
then sends that layer once more.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import __version__, files, shell
from sage_edge.image import base_images as bases
from sage_edge.image import build_context, build_record, engine
from sage_edge.image import wheels as wheelhouse
from sage_edge.image.built import BuiltImage
from sage_edge.image.spec import ImageCard
from sage_edge.inventory.image import Platform
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, ModelRef
from sage_edge.remote.errors import DeployError
from sage_edge.shell import Command

BUILD_S, SMOKE_S = 3 * 3600.0, 300.0
Tell = Callable[[str], None]


class BuildFailed(DeployError):
    """The image could not be built, or does not work."""


@dataclass(frozen=True)
class Order:
    """What to build. base: an image that is here, instead of the declared ones; only for the cpu platform.

    bake: models in the image, instead of the card's. fresh: take no layer of an earlier build, so that the base's
    packages are today's. owner: the first part of the tag.
    """

    card: ImageCard
    platform: Platform
    base: str | None = None
    bake: tuple[ModelRef, ...] | None = None
    fresh: bool = False
    owner: str = "sage"

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that the image will carry."""
        return self.card.baked(self.platform) if self.bake is None else self.bake

    @property
    def tag(self) -> str:
        return f"{self.owner}/{self.card.name}:{self.platform}"


def build(root: Path, fleet: Path, store: Path, order: Order, tell: Tell) -> BuiltImage:
    """Build an image, let it draw a token where it can run here, and write down what it is.

    Raises BaseUnresolved before anything is fetched, NoEngine, EngineTooOld, WheelsMissing, ModelNotFound, BuildFailed.
    """
    upon = bases.chosen(root / "images", order.card, order.platform, order.base)
    engine.demand()
    variant = order.card.platforms[order.platform]
    target = wheelhouse.Target.of(variant, order.platform, variant.python or bases.python_of(upon.runtime))
    wheels = wheelhouse.ensure(root, order.card, target, tell)
    library = Library(fleet, store)
    scratches = root / ".sage" / "building"  # beside the store rather than in /tmp: a baked model may have 30 GB
    files.make_folder(scratches)
    with tempfile.TemporaryDirectory(prefix=f"{order.card.name}-", dir=scratches) as scratch:
        given = build_context.lay_out(root, Path(scratch), order.card, order.platform, library, order.models)
        tell(f"building {order.tag}")
        digest = library.resolve(order.models[0]).digest if order.models else ""
        arguments = {"BUILDER": upon.builder, "RUNTIME": upon.runtime, "MODEL_DIGEST": digest}
        words = _words(root, order, arguments, {**given, "wheels": wheels}, Path(scratch))
        _run(words, f"building {order.tag}", BUILD_S)
    image = _written_down(root, order)
    if order.platform == "cpu":
        _prove(order, fleet, tell)
    return image


def _words(root: Path, order: Order, bases: Mapping[str, str], given: Mapping[str, Path], scratch: Path) -> Command:
    card = order.card
    arguments = {
        **bases, "PLATFORM": order.platform, "ROLE": card.role, "BOARD": card.board,
        "MODEL": order.models[0] if order.models else "", "VERSION": __version__, "REVISION": revision(root, card.name),
        "SOURCE_DATE_EPOCH": str(epoch(root, card.name)),
    }  # fmt: skip
    arch = card.platforms[order.platform].arch
    words = [
        "docker", "buildx", "build", "--load", "--provenance=false", "--progress=plain",
        *(() if arch == "native" else ("--platform", arch)), *(("--no-cache",) if order.fresh else ()),
        "--tag", order.tag,
        *(f"--build-arg={key}={value}" for key, value in arguments.items()),
        *(f"--build-context={name}={path}" for name, path in given.items()),
        "--file", str(scratch / "Dockerfile"), str(scratch / "inside"),
    ]  # fmt: skip
    return Command(tuple(words), timeout_s=BUILD_S)


def revision(root: Path, name: str) -> str:
    """The newest commit that touched what is built, with `-dirty` where that was changed since."""
    git = ("git", "--no-optional-locks", "-C", str(root))
    last = shell.attempt(Command((*git, "log", "-1", "--format=%H", "--", *build_record.sources(name))))
    if last.code != 0 or not last.text:
        return "unknown"
    changed = shell.attempt(Command((*git, "status", "--porcelain", "--", *build_record.sources(name))))
    return f"{last.text[:12]}{'-dirty' if changed.text else ''}"


def epoch(root: Path, name: str) -> int:
    """Seconds since 1970 of the newest commit that touched what is built; of 1980 where there is none."""
    done = shell.attempt(
        Command(("git", "-C", str(root), "log", "-1", "--format=%ct", "--", *build_record.sources(name)))
    )
    return int(done.text) if done.code == 0 and done.text.isdigit() else int(wheelhouse.LONG_AGO)


def _written_down(root: Path, order: Order) -> BuiltImage:
    found = json.loads(_run(Command(("docker", "image", "inspect", order.tag)), "looking at the image", 60))[0]
    image = BuiltImage(
        id=Digest(found["Id"]), name=order.card.name, tag=order.tag, role=order.card.role, board=order.card.board,
        platform=order.platform, bytes=int(found["Size"]), model=str(order.models[0]) if order.models else None,
    )  # fmt: skip
    build_record.keep(root, image)
    return image


def _prove(order: Order, fleet: Path, tell: Tell) -> None:
    """Let the image draw a token, as it will run: no network, nothing writable but what compose gives it."""
    tell("letting the image draw a token")
    words = (
        "docker", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp",
        "--tmpfs=/srv/sage/state:uid=10001,gid=10001", f"--volume={fleet}:/srv/sage/fleet:ro",
        "--entrypoint=sage-smoke", order.tag,
    )  # fmt: skip
    tell(_run(Command(words), "the image's smoke test", SMOKE_S).strip())


def _run(command: Command, what: str, timeout_s: float) -> str:
    done = shell.attempt(Command(command.words, timeout_s=timeout_s, env=command.env))
    if done.code != 0:
        tail = "\n".join((done.complaint + "\n" + done.text).strip().splitlines()[-20:])
        raise BuildFailed(f"{what} failed:\n{tail}", hint=f"see all of it: {' '.join(command.words[:3])} …")
    return done.text
