"""`invoke provision|build|plan|deploy|rollback`: what changes a board, or says what would."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

from sage_edge import hints, locks
from sage_edge.cli.environment import log, log_of, paths
from sage_edge.clock import SystemClock
from sage_edge.deploy import desired_release, plan, provision, release_differences, release_signature, rollout
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import ImageGone
from sage_edge.deploy.plan import Plan
from sage_edge.deploy.release_differences import ReleaseMeaning
from sage_edge.deploy.rollout import Carriers
from sage_edge.deploy.rollout_options import RolloutOutcome, RolloutTimeouts
from sage_edge.deploy.transport import layer_checkpoints, registry
from sage_edge.errors import UsageError
from sage_edge.image import build_record, engine, spec
from sage_edge.image.built import BuiltImage
from sage_edge.image.errors import NotBuilt
from sage_edge.inventory import signers
from sage_edge.inventory.host_entry import Host
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.board.client import BoardClient, BoardView
from sage_edge.remote.board.identity_check import require_mendable
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import BoardRefused, NotReady, UnreadableProbe
from sage_edge.workstation import carried_models, gateway_service, hub_admission, key_service, operator_key
from sage_edge.workstation.context import FleetContext

_PUSH_S = 3600.0
"""How long one host's push waits for another's: each has a registry of its own, over one store, and one that is written
to by two answers 500."""

Carrier = Callable[[BoardClient, DesiredRelease], contextlib.AbstractContextManager[tuple[str, ...]]]


def provisioned(here: FleetContext, host: HostName, say: Callable[[str], None]) -> list[str]:
    """Provision one board; return what changed. The exchange learns its key where that is ours (a stand-in's).

    Raises WrongBoard, before anything is written, for a board that is another host's or another fleet's.
    """
    with here.board(host) as board:
        with contextlib.suppress(NotReady, UnreadableProbe):  # no helper or a very old one: asked again below
            require_mendable(board.facts(of_any_helper=True), here.fleet.name)
        board.install()
        facts = board.facts()
        require_mendable(facts, here.fleet.name)
        done = board.provision(provision.steps(here.fleet, host, facts))
    for step in done:
        for warning in step.get("open", ()):
            say(f"look at its sshd: {warning}")
        if mark := step.get("retired"):
            say(
                f"it was retired at {mark['at']} by {mark['who']}, and is in service again: nothing runs until a deploy"
            )
        if public := step.get("public"):
            hub_admission.admit(here.fleet, here.fleet.addresses, host, str(public), say)
            key_service.introduced(here, host, step, say)
        if certificate := step.get("certificate"):
            gateway_service.keep(here, host, str(certificate), say)
    return [str(step["step"]) for step in done if step["changed"]]


def built(
    here: FleetContext,
    host: Host,
    platform: str,
    base: str | None,
    bake: str = "",
    *,
    fresh: bool = False,
    processor: str = "",
) -> BuiltImage:
    """Build the image of a host's role. bake: models in the image instead of its card's, with commas between."""
    from sage_edge.image import build as images
    from sage_edge.sim import image as sim_image

    card = spec.card_for(here.root / "images", host.role)
    if platform not in card.platforms:
        known = " and ".join(card.platforms)
        raise UsageError(
            f"images/{card.name} is for no platform {platform!r}; there are: {known}",
            hint=hints.invoke("image.build", help=True),
        )
    if processor and (processor != "arm64" or platform != "cpu"):
        raise UsageError(
            f"images/{card.name} for {platform} is built for no processor {processor!r} by name",
            hint=hints.invoke("image.build", host=host.name, platform="cpu", processor="arm64", base="IMAGE"),
        )
    if platform == "cpu" and here.fleet.overlay == "sim" and base is None:
        base = sim_image.ensure_base(log)  # the stand-ins' own: it needs no registry
    order = images.BuildOrder(
        card,
        "cpu" if platform == "cpu" else "l4t",
        base,
        _refs(bake) if bake else None,
        fresh,
        processor="arm64" if processor else "",
    )
    carried_models.fetch(Library(here.fleet.folder, paths().models), order.models, log)
    return images.build(here.root, here.fleet.folder, paths().models, order, log)


def _refs(listed: str) -> tuple[ModelRef, ...]:
    try:
        return tuple(ModelRef(name.strip()) for name in listed.split(","))
    except ValueError as wrong:
        raise UsageError(f"--bake: {wrong}", hint=hints.sage("model list")) from None


def platform_of(here: FleetContext, host: Host) -> str:
    """`cpu` for a host whose board has no GPU, `l4t` for the others."""
    return "l4t" if here.fleet.boards[host.board].compute_capability else "cpu"


def image_of(here: FleetContext, host: Host, platform: str = "", processor: str = "") -> BuiltImage:
    """Return the image that was built for a host, or for another platform or processor. Raises NotBuilt."""
    card = here.checkout.image_card(host.role)
    image = build_record.find(here.root, card.name, platform or platform_of(here, host), processor)
    if image is None:
        raise NotBuilt(host.name, card.name)
    return image


def ready(here: FleetContext, host: Host) -> BuiltImage:
    """Return the image of a host; one that was never built here is built now. Raises what `built` raises."""
    with _BUILDING:  # two hosts of one role need one image
        try:
            return image_of(here, host)
        except NotBuilt as absent:
            log_of(host.name)(f"{absent.message}; building it")
            return built(here, host, platform_of(here, host), None)


_BUILDING = threading.Lock()


def wanting(here: FleetContext, host: Host) -> Callable[[BoardProbe], DesiredRelease]:
    """Return what turns a board's facts into what it is to run. Raises NotBuilt."""
    image = image_of(here, host)
    if outdated := here.checkout.outdated(image):
        build = hints.text(hints.invoke("image.build", host=host.name), here.surroundings)
        log_of(host.name)(f"note: {outdated}: {build}")
    return lambda facts: desired_release.desired(here.checkout, host, image, facts)


def planned(here: FleetContext, name: HostName, *, unpin: bool = False) -> Plan:
    """Plan one host over a connection that can only be looked through. unpin: as `deployed`."""
    host = here.fleet.host(name)
    with here.seen(name) as board:
        facts = board.facts()
        try:
            wanted = wanting(here, host)(facts)
        except NotBuilt:
            return plan.before_build(here.checkout.image_card(host.role).name, facts, here.fleet.name)
        before = meaning_there(board, facts) if plan.says_otherwise(wanted, facts) else None
        return plan.plan(wanted, facts, here.fleet.board_of(name), before, here.checkout.commit(), unpin=unpin)


def image_sent(board: BoardClient, release: str, image: Digest) -> None:
    """Bring an image of an earlier release to a board, if this workstation still has it. Raises ImageGone."""
    with engine.connect() as docker:
        if docker.image(image) is None:
            raise ImageGone(board.host, release, image.short)
        board.load_image(docker.saved(image))


def meaning_there(board: BoardView, facts: BoardProbe) -> ReleaseMeaning | None:
    """Return what the release that a board has now says; None where that cannot be read."""
    release = facts.deployed.release or {}
    try:
        texts = board.texts(facts.deployed.current or "")
    except BoardRefused:
        return None
    return release_differences.meaning_of_texts(texts, release.get("overlay"), facts.host)


def deployed(
    here: FleetContext,
    board: BoardClient,
    facts: BoardProbe,
    options: RolloutTimeouts,
    via: str,
    *,
    unpin: bool,
    back: bool,
) -> RolloutOutcome:
    """Deploy to a host that is connected and was just looked at; what was never built here is built first.

    unpin: even to what it was rolled back from. back: even if a newer one serves there.
    """
    host = here.fleet.host(board.host)
    say_retired(here, facts)
    try:
        want = wanting(here, host)
    except NotBuilt:
        ready(here, host)
        want, facts = wanting(here, host), board.facts()  # a build takes its time, and what was seen is old by then
    return rollout.roll_out(
        board,
        facts,
        want,
        here.fleet.board_of(host.name),
        lambda: here.board(host.name),
        carriers_to(here, host.name, via, back=back),
        options,
        log_of(host.name),
        unpin=unpin,
    )


def say_retired(here: FleetContext, facts: BoardProbe) -> None:
    """Say of a board that was retired that it comes back, and what it needs beside a release."""
    if facts.deployed.retired:
        key = hints.text(hints.invoke("key.rotate", host=facts.host), here.surroundings)
        when = f"it was retired at {facts.deployed.retired}"
        log_of(facts.host)(f"{when}; once this release is proven, it is in service again. It needs another key: {key}")


def by_registry(here: FleetContext) -> Carrier:
    """Return the carrier over the fleet's registry, or else over an ephemeral one through the open connection."""

    @contextlib.contextmanager
    def carry(board: BoardClient, release: DesiredRelease) -> Iterator[tuple[str, ...]]:
        if named := here.fleet.registry:
            yield (f"{named}/{registry.push(release.image, named)}",)
            return
        store = here.root / ".sage" / "registry"
        with registry.serving(store, board.host) as port:
            with locks.hold(store / "push.lock", "the registry's store", wait_s=_PUSH_S):
                names = layer_checkpoints.build(port, registry.push(release.image, f"127.0.0.1:{port}"))
            with board.reached_back(port) as there:
                yield tuple(f"localhost:{there}/{name}" for name in names)

    return carry


@contextlib.contextmanager
def by_stream(board: BoardClient, release: DesiredRelease) -> Iterator[tuple[str, ...]]:
    """The fallback: the whole image through the connection, every time."""
    with engine.connect() as docker:
        board.load_image(docker.saved(release.image.id))
    yield ()


def pushed(here: FleetContext, name: HostName) -> str:
    """Bring a host's image to where it will be pulled from, or else to the host; return what was done."""
    host = here.fleet.host(name)
    image = image_of(here, host)
    if named := here.fleet.registry:
        return f"{named}/{registry.push(image, named)}"
    sent = rollout.send_image(lambda: here.board(name), wanting(here, host), carriers_to(here, name), log_of(name))
    return f"image {image.id.short} {'was sent' if sent else 'was there'}"


def carriers_to(here: FleetContext, name: HostName, via: str = "registry", *, back: bool = False) -> Carriers:
    """Return how bytes get to a host. back: as permit_writer."""
    return Carriers(
        image=by_registry(here) if via == "registry" else by_stream,
        model=model_carrier(here, name),
        earlier=image_sent,
        permit=permit_writer(here, log_of(name), back=back),
    )


def permit_writer(
    here: FleetContext, say: Callable[[str], None], *, back: bool
) -> Callable[[DesiredRelease], Mapping[str, str] | None]:
    """Return what signs a release with the key of whoever works here. back: even if a board has a newer one."""

    def write(wanted: DesiredRelease) -> Mapping[str, str] | None:
        key = operator_key.of(here.fleet, here.checkout.counter(), back=back)
        if key is None:
            say(f"unsigned: {here.fleet.addresses.name}/{signers.FILE} names nobody who signs releases")
            return None
        return release_signature.permit(key, wanted, SystemClock().now())

    return write


def model_carrier(here: FleetContext, host: HostName) -> Callable[[ModelRef], None]:
    """Return what copies a model from this machine's store to a host's."""

    def carry(ref: ModelRef) -> None:
        from sage_edge.model_sync.sync import SyncOrder, sync
        from sage_edge.models.store.store import Store

        order, here_lie = SyncOrder(ref, host, addresses=here.fleet.addresses), paths().models
        carried_models.fetch(Library(here.fleet.folder, here_lie), [ref], log_of(host))
        sync(order, here.fleet.folder, Store(here_lie), lambda *_: None)

    return carry


def shown(planned_steps: Plan, *, diff: bool) -> str:
    """A plan as people read it."""
    if planned_steps.is_empty:
        return "no changes"
    lines = [f"{number}. {step}" for number, step in enumerate(planned_steps.steps, start=1)]
    if diff:
        lines += ["because", *(f"  {reason}" for reason in planned_steps.why)]
    if planned_steps.commit:
        commit, _, dirty = planned_steps.commit.partition("-")
        lines.append(f"declared by commit {commit}{' and changes since: dirty' if dirty else ''}")
    return "\n".join(["", *lines])
