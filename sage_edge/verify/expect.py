"""What must be true of a host: declarations, provisioning and the release on the board in, expectations out. Pure.

    people      group, user, groups of the user
    places      who owns what with which rights, what the files hold, no secret that anybody may read, units
    engine      Docker, Compose, the runtime
    release     what `current` names is whole, was committed, runs healthily with its own image, labels and models
    state       the agent's heartbeat and last wake, the clock, room on disks and in memory, the exchange answers

Who finds out does not matter: one probe by the helper (`deploy.probe_answers`), or testinfra, question by question,
which shares nothing with the helper (tests/fleet). Both judge by these values, so they can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sage_edge.inventory.board_card import Board
from sage_edge.inventory.host_entry import Host
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.records.release import Release
from sage_edge.verify import expect_laid
from sage_edge.verify.expect_wants import (
    Among,
    AtLeast,
    Holds,
    IfThere,
    Is,
    NamedBy,
    Nothing,
    NotOlder,
    NotYet,
    Something,
    Wants,
    Within,
    in_bytes,
    in_seconds,
)  # fmt: skip
from sage_edge.verify.rulings import Expectation, Kind, Question

HEARTBEAT_S = 600.0
"""As old as images/shared/healthy.py lets a heartbeat become."""

CLOCK_S = 30.0
"""How far a board's clock may be off: sessions are due to the minute."""

DISK_BYTES: Mapping[str, int] = {"sage": 500_000_000, "docker": 2_000_000_000}
"""Headroom: for journals and transcripts, and for the next image's changed layers."""

MEMORY_BYTES = 250_000_000
"""Headroom beside the running agent, before the kernel begins to kill."""

AGENT_USER = "10001:10001"


@dataclass(frozen=True)
class Told:
    """All that expectations are made of. steps: what provisioning lays on this board (`host.provision`).

    current, release: the release that serves, None without one or when it cannot be read. helper: 12 hex digits.
    baked: models that the image carries; weights: their digests, as far as they are known here. locked: by models.lock.
    """

    host: Host
    overlay: str | None
    board: Board
    remote: str
    helper: str
    steps: Sequence[Mapping[str, Any]]
    current: str | None
    release: Release | None
    baked: frozenset[ModelRef]
    weights: Mapping[ModelRef, Digest]
    locked: Mapping[ModelRef, Digest]
    oldest_engine: tuple[int, int]

    @property
    def has_gpu(self) -> bool:
        return self.board.compute_capability is not None

    @property
    def there(self) -> str:
        """How a chore names the host."""
        return there(self.host.name, self.overlay)


def expectations(told: Told) -> tuple[Expectation, ...]:
    """Return everything that must be true of a host, in the order in which people read it."""
    return (*_identity(told), *_provisioned(told), *_engine(told), *_release(told), *_state(told))


def there(host: HostName, overlay: str | None) -> str:
    """Return the words by which a chore is told of a host."""
    return f"--host {host}" + (f" --fleet {overlay}" if overlay else "")


def helper(wanted: str, there: str) -> Expectation:
    """Return what is expected of the helper: that it is ours. there: the chore's words for the host."""
    return _expect("helper", "helper", "", Is(wanted), f"invoke provision {there}")


def _identity(told: Told) -> Iterator[Expectation]:
    yield helper(told.helper, told.there)
    address = f"is the address right? ssh -F fleet/ssh_config {told.host.name} hostname; if so, mend fleet/boards"
    yield _expect(f"board is {told.board.name}", "board", "", Nothing("no contradiction"), address)


def _provisioned(told: Told) -> Iterator[Expectation]:
    renew = f"invoke provision {told.there}"
    for step in told.steps:
        for row in expect_laid.rows(step):
            yield _expect(*row, renew)
    close = f"on {told.host.name}: sudo chmod o-r FILE"
    yield _expect("secrets open to anybody", "secrets", "", Nothing(), close)


def _engine(told: Told) -> Iterator[Expectation]:
    start = f"on {told.host.name}: sudo systemctl start docker; not installed: invoke provision {told.there}"
    yield _expect("docker", "engine", "", NotOlder(told.oldest_engine), start)
    compose = f"invoke provision {told.there}; where that has no package for it, install docker compose by hand"
    yield _expect("docker compose", "compose", "", Something("there"), compose)
    runtime = "on the board: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
    yield _expect("runtime", "runtimes", "", Holds(frozenset({"nvidia" if told.has_gpu else "runc"})), runtime)


def _release(told: Told) -> Iterator[Expectation]:
    again = f"invoke deploy {told.there}"
    if told.current is None:
        # a board that was only provisioned is sound; one whose journal knows of a release that is not there is not
        yield _expect("release", "journal", "", NotYet(), again)
        return
    whole = f"invoke rollback {told.there} --list, and take one that is whole"
    yield _expect("release", "release", "", NamedBy(told.current), whole)
    over = Among(frozenset({"committed", "reverted"}))
    yield _expect("newest deployment", "journal", "", over, f"see: invoke audit {told.there}; then {again}")
    yield _expect("release by the journal", "settled", "", Is(told.current), f"{whole}; or {again}")
    yield _expect("agent", "status", "", Is("running"), again)
    yield _expect("health of the agent", "health", "", Is("healthy"), f"see: invoke logs {told.there}")
    yield _expect("agent's user", "runs-as", "", Is(AGENT_USER), again)
    yield _expect("agent's release", "serves", "", Is(told.current), again)
    if told.release is not None:
        yield from _image(told, told.release, again)
    yield from _store(told)


def _image(told: Told, release: Release, again: str) -> Iterator[Expectation]:
    yield _expect("image", "image", "", Is(release.image), again)
    labels = {"role": told.host.role, "platform": "l4t" if told.has_gpu else "cpu"}
    if told.has_gpu:  # an image for plain processors is made for no board
        labels["board"] = told.host.board
    build = f"invoke image.build {told.there}, then {again}"
    for key, value in labels.items():
        yield _expect(f"image's {key}", "label", f"sage.{key}", Is(value), build)
    for ref, manifest in release.models.items():
        if ref not in told.baked:
            yield _expect(f"model {ref}", "manifest", ref, Is(manifest), again)
            continue
        yield _expect("image's model", "label", "sage.model", Is(ref), build)
        known = told.weights.get(ref)
        wants = Is(known) if known else Something("a digest; no copy here to compare it with")
        yield _expect(f"model {ref}", "label", "sage.model.digest", wants, build)


def _store(told: Told) -> Iterator[Expectation]:
    """What the board's store lists is there; what it holds besides is what fleet/models.lock names, or is not there."""
    send = f"invoke sync --host {told.host.name} --model REF, or on the board: sage-edge model verify --deep"
    yield _expect("bytes of the models", "blobs", "", Nothing("all that is listed"), send)
    needed = told.release.models.keys() - told.baked if told.release else frozenset()
    for ref, digest in sorted(told.locked.items()):
        if ref not in needed:
            again = f"invoke sync --host {told.host.name} --model {ref}"
            yield _expect(f"manifest of {ref}", "manifest", ref, IfThere(digest), again)


def _state(told: Told) -> Iterator[Expectation]:
    name = told.host.name
    if told.current is not None:
        logs = f"see: invoke logs {told.there}"
        yield _expect("heartbeat", "heartbeat", "", Within(HEARTBEAT_S, in_seconds), logs)
        yield _expect("last wake", "wakes", "", Nothing("no failure"), logs)
    ntp = f"on {name}: sudo timedatectl set-ntp true"
    yield _expect("clock", "offset", "", Within(CLOCK_S, in_seconds), ntp)
    if told.board.clock == "kept":
        yield _expect("clock is kept", "kept", "", Is("yes"), ntp)
    for disk, least in DISK_BYTES.items():
        yield _expect(
            f"room for {disk}", "disk", disk, AtLeast(least, in_bytes), f"on {name}: docker image prune; df -h"
        )
    yield _expect("free memory", "memory", "", AtLeast(MEMORY_BYTES, in_bytes), f"stop what else runs on {name}")
    if told.current is not None:
        key = f"does the exchange know its key? see /srv/sage/keys/exchange.pub there, and: invoke logs {told.there}"
        yield _expect("exchange", "exchange", told.remote, Is("answers"), key)


def _expect(check: str, kind: Kind, of: str, wants: Wants, remedy: str) -> Expectation:
    return Expectation(check, Question(kind, of), wants, remedy)
