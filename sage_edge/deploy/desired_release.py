"""The release that a host is to run, and its files: from declarations, a built image and locked models.

releases/<12 hex>/release.json     the release
                  compose.yaml     the file of compose/, as a person would run it; cpu.yaml where there is no GPU
                  .env             what that file's variables are on this host
                  fleet/…          every declaration, read-only for the container

What is digested is what the files say to this host (`host_declarations`, `parsed_compose`); its board keeps their texts
as they were when it got the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sage_edge import files
from sage_edge.deploy import release_differences
from sage_edge.deploy.checkout import Checkout
from sage_edge.deploy.release_differences import ReleaseMeaning
from sage_edge.image.built import BuiltImage
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.serve_settings import LOOPBACK, PORT, ServeSettings
from sage_edge.names import Digest, ModelRef, Slug
from sage_edge.records.base import canonical
from sage_edge.records.release import Release
from sage_edge.remote.board.probe import BoardProbe

CONTAINER = 10001
"""User and group id inside."""


@dataclass(frozen=True)
class DesiredRelease:
    """A release, the files that lie beside it on the board, the image that it runs, and the fleet that it is of.

    meaning: what its digests `fleet` and `compose` are of. is_serving: it answers others with a model.
    shipped: those of its models that come with the code, in every image.
    """

    release: Release
    image: BuiltImage
    files: Mapping[str, str]
    fleet: str
    meaning: ReleaseMeaning = field(default_factory=dict)
    is_serving: bool = False
    shipped: frozenset[ModelRef] = frozenset()

    @property
    def short(self) -> str:
        """The first 12 hex digits of the release's id."""
        return self.release.id.short


def desired(checkout: Checkout, host: Host, image: BuiltImage, facts: BoardProbe) -> DesiredRelease:
    """Return what `host` is to run. facts: of the board, for what differs from one to the next.

    Raises ModelNotLocked; DeclarationError for a declaration that cannot be read, and for a compose file that is no
    YAML: what else it must be, compose on the board says.
    """
    composes = {"compose.yaml": checkout.compose(image.name)}
    if image.platform == "cpu":
        composes["cpu.yaml"] = checkout.compose("cpu")
    fleet, declared = checkout.fleet, checkout.concerning(host)
    meaning = release_differences.whole_meaning(declared, composes)
    release = Release(
        host=host.name,
        role=host.role,
        board=host.board,
        overlay=Slug(fleet.overlay) if fleet.overlay else None,
        image=image.id,
        models=dict(checkout.models(host)),
        fleet=_digest(declared),
        compose=_digest({name: text for name, text in meaning.items() if name not in declared}),
        revision=image.revision or None,
    )
    written = {
        "release.json": release.canonical().decode(),
        ".env": environment(release, image, facts, tuple(composes), host.serve),
        **composes,
        **{f"fleet/{name}": text for name, text in checkout.declarations().items()},
    }
    shipped = checkout.shipped(host)
    return DesiredRelease(release, image, written, fleet.name, meaning, host.serve is not None, shipped)


def environment(
    release: Release, image: BuiltImage, facts: BoardProbe, composes: tuple[str, ...], serve: ServeSettings | None
) -> str:
    """Return the .env that fills a compose file's variables for one board; it holds no secret.

    A group that the board does not have is given the container's own id, which opens nothing.
    """
    root = facts.facts_root.rstrip("/")
    pairs = {
        "COMPOSE_FILE": ":".join(composes),
        "COMPOSE_PROJECT_NAME": "sage",
        "COMPOSE_PROFILES": ",".join(_profiles(serve)),
        "SAGE_IMAGE": release.image,
        "SAGE_RELEASE": release.id.short,
        "SAGE_FLEET_FROM": "./fleet",
        "SAGE_STATE_FROM": "/srv/sage/state",
        "SAGE_CARD_FROM": "/etc/sage/host.yaml",
        "SAGE_MODELS_FROM": "/srv/sage/models",
        # a store that is mounted hides what the image carries itself, so it then lies beside it
        "SAGE_MODELS_AT": "/srv/sage/store" if image.model else "/srv/sage/models",
        "SAGE_KEY_FROM": "/srv/sage/keys/exchange",
        "SAGE_HOSTS_FROM": "/etc/sage/known_hosts",
        "SAGE_SERVING_FROM": "/srv/sage/keys/serve",
        "SAGE_SERVE_ADDRESS": _published(LOOPBACK if serve is None else serve.address),
        "SAGE_SERVE_PORT": PORT if serve is None else serve.port,
        "SAGE_RELEASE_FILE_FROM": f"{root}/etc/nv_tegra_release",
        "SAGE_TREE_FROM": f"{root}/proc/device-tree" if root else "/sys/firmware/devicetree/base",
        "SAGE_MEMINFO_FROM": f"{root}/proc/meminfo",
        "SAGE_FACTS_ROOT_IN": "/run/sage/facts",
        "SAGE_OWN_EXCHANGE": "0",
        "SAGE_RUNTIME": "runc" if image.platform == "cpu" else "nvidia",
        "VIDEO_GID": facts.groups.get("video") or CONTAINER,
        "RENDER_GID": facts.groups.get("render") or CONTAINER,
    }
    return "".join(f"{key}={value}\n" for key, value in pairs.items())


def _profiles(serve: ServeSettings | None) -> Iterator[str]:
    if serve is not None:
        yield "serve"
        if serve.kind == "vllm":  # the gateway's child is llama.cpp's server; vLLM is a container beside it
            yield "omni"


def _published(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _digest(meaning: ReleaseMeaning) -> Digest:
    return files.digest(canonical(meaning))
