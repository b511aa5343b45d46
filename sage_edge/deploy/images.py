"""Building an image from its folder, and what the build leaves behind on the workstation.

    .sage/images/<name>-<platform>.json    format 1: the image's id, tag, labels, size, what it was built from

The engine is driven by its command line. A build names its bases by digest, dates everything at one moment
(SOURCE_DATE_EPOCH: the newest commit that touched what is built) and proves itself by drawing a token.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from sage_edge import __version__, files, shell
from sage_edge.deploy import imagecards, wheelhouse
from sage_edge.deploy.addresses import DeployError
from sage_edge.deploy.imagecards import ImageCard, Platform
from sage_edge.deploy.wanted import Image
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, ModelRef, Slug
from sage_edge.shell import Command

BUILD_S, SMOKE_S = 3 * 3600.0, 300.0
Tell = Callable[[str], None]


class EngineMissing(DeployError):
    """No Docker engine answers on the workstation."""

    code = 4

    def __init__(self, why: str) -> None:
        super().__init__(f"no Docker engine answers here: {why}", hint="start one, or on Debian 12 get one: .ci/engine")


class BuildFailed(DeployError):
    """The image could not be built, or does not work."""


@dataclass(frozen=True)
class Order:
    """What to build. base: an image that is here, instead of the declared ones; only for the cpu platform."""

    card: ImageCard
    platform: Platform
    base: str | None = None
    bake: tuple[ModelRef, ...] | None = None

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that the image will carry."""
        return self.card.baked(self.platform) if self.bake is None else self.bake

    @property
    def tag(self) -> str:
        return f"sage/{self.card.name}:{self.platform}"


def build(root: Path, fleet: Path, store: Path, order: Order, tell: Tell) -> Image:
    """Build an image, let it draw a token where it can run here, and write down what it is.

    Raises BaseUnresolved before anything is fetched, EngineMissing, WheelsMissing, ModelNotFound…, BuildFailed.
    """
    bases = _bases(root, order)
    demand_engine()
    wheels = wheelhouse.ensure(root, order.card, order.platform, tell)
    with tempfile.TemporaryDirectory(prefix="sage-build-") as scratch:
        contexts = _contexts(root, fleet, store, order, Path(scratch), wheels)
        tell(f"building {order.tag}")
        digest = Library(fleet, store).resolve(order.models[0]).digest if order.models else ""
        _run(_words(root, order, {**bases, "MODEL_DIGEST": digest}, contexts), f"building {order.tag}", BUILD_S)
    image = _written_down(root, order)
    if order.platform == "cpu":
        _prove(order, fleet, tell)
    return image


def demand_engine() -> None:
    """Raise EngineMissing unless an engine answers."""
    done = shell.attempt(Command(("docker", "version", "--format", "{{.Server.Version}}"), timeout_s=20))
    if done.code != 0:
        raise EngineMissing((done.complaint or done.text).splitlines()[-1][:200])


def find(root: Path, name: str, platform: str) -> Image | None:
    """Return what was built last, as written down; None if nothing was."""
    path = _record(root, name, platform)
    if not path.is_file():
        return None
    told = json.loads(path.read_text("utf-8"))
    told.pop("format")
    return Image(**{**told, "id": Digest(told["id"])})


def _bases(root: Path, order: Order) -> Mapping[str, str]:
    if order.platform == "cpu":
        base = order.base or imagecards.demand(imagecards.read_lock(root / "images"), Slug("cpu"))
        return {"BUILDER": base, "RUNTIME": base}
    lock = imagecards.read_lock(root / "images")
    card = order.card
    return {"BUILDER": imagecards.demand(lock, card.builder), "RUNTIME": imagecards.demand(lock, card.runtime)}


def _contexts(root: Path, fleet: Path, store: Path, order: Order, scratch: Path, wheels: Path) -> Mapping[str, Path]:
    """The build's named contexts: packages, models, what images share, and the card that the image carries."""
    models, card = scratch / "models", scratch / "card"
    models.mkdir()
    card.mkdir()
    library = Library(fleet, store)
    for ref in order.models:
        _copy_model(library, store, ref, models)
    variant = order.card.platforms[order.platform]
    content = {
        "format": 1, "role": str(order.card.role), "board": str(order.card.board), "platform": order.platform,
        "compute_capability": order.card.compute_capability, "gpu_layers": variant.gpu_layers,
        "model": str(order.models[0]) if order.models else None,
    }  # fmt: skip
    (card / "image.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    return {"wheels": wheels, "models": models, "shared": root / "images" / "shared", "card": card}


def _copy_model(library: Library, store: Path, ref: ModelRef, into: Path) -> None:
    """Copy a verified model's blobs and manifest; a shipped one comes with our own package."""
    model = library.resolve(ref)
    model.check()
    for part in model.parts:
        inside = into / part.path.relative_to(store)
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(part.path, inside)
    family, _, rest = ref.partition("/")
    name, _, variant = rest.partition(":")
    manifest = Path("manifests") / family / name / f"{variant}.json"
    if (store / manifest).is_file():
        (into / manifest).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store / manifest, into / manifest)


def _words(root: Path, order: Order, bases: Mapping[str, str], contexts: Mapping[str, Path]) -> Command:
    card = order.card
    arguments = {
        **bases, "PLATFORM": order.platform, "ROLE": card.role, "BOARD": card.board,
        "MODEL": order.models[0] if order.models else "", "VERSION": __version__, "REVISION": revision(root),
        "SOURCE_DATE_EPOCH": str(epoch(root)),
    }  # fmt: skip
    arch = (
        () if card.platforms[order.platform].arch == "native" else ("--platform", card.platforms[order.platform].arch)
    )
    words = [
        "docker", "buildx", "build", "--load", "--provenance=false", "--progress=plain", *arch, "--tag", order.tag,
        *(f"--build-arg={key}={value}" for key, value in arguments.items()),
        *(f"--build-context={name}={path}" for name, path in contexts.items()),
        str(root / "images" / card.name),
    ]  # fmt: skip
    return Command(tuple(words), timeout_s=BUILD_S)


def revision(root: Path) -> str:
    """The checkout's commit, with `-dirty` for a changed tree."""
    words = ("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    done = shell.attempt(Command(words, env={"GIT_OPTIONAL_LOCKS": "0"}))
    return done.text if done.code == 0 else "unknown"


def epoch(root: Path) -> int:
    """Seconds since 1970 of the newest commit; of 1980 where there is none."""
    done = shell.attempt(Command(("git", "-C", str(root), "log", "-1", "--format=%ct")))
    return int(done.text) if done.code == 0 and done.text.isdigit() else 315532800


def _written_down(root: Path, order: Order) -> Image:
    found = json.loads(_run(Command(("docker", "image", "inspect", order.tag)), "looking at the image", 60))[0]
    image = Image(
        id=Digest(found["Id"]), name=order.card.name, tag=order.tag, role=order.card.role, board=order.card.board,
        platform=order.platform, bytes=int(found["Size"]), model=str(order.models[0]) if order.models else None,
    )  # fmt: skip
    content = json.dumps({"format": 1, **asdict(image)}, indent=1) + "\n"
    path = _record(root, order.card.name, order.platform)
    files.make_folder(path.parent)
    files.write_atomic(path, content.encode())
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


def _record(root: Path, name: str, platform: str) -> Path:
    return root / ".sage" / "images" / f"{name}-{platform}.json"
