"""What must be true of a board, as a table: adding a check is adding a value here, and its twin in tests/fleet.

Tests want its sound answer, too, in `FOUND` of tests/verify/hosts.py at the same place, and a broken one in `BAD` of
tests/verify/test_board_checks.py.

    people      group, user, groups of the user
    places      who owns what with which rights, what the files hold, no secret that anybody may read, units
    engine      Docker, Compose, the runtime
    release     what `current` names is whole, was committed, runs healthily with its own image, labels and models
    state       the agent's heartbeat and last wake, the clock, room on disks and in memory, the exchange answers

Each fact says where the answer lies in one probe by the board's helper (`invoke verify --quick`); what the helper does
not tell yet, host/probe.py adds. testinfra asks the same question by question and shares nothing with the helper
(tests/fleet), so the two are held against each other.
The release on the board is what counts, not the one that would be deployed now: after a rollback it is as sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sage_edge import sizes
from sage_edge.hints import Hint, invoke, sage, ssh
from sage_edge.inventory.board_facts import contradictions
from sage_edge.names import HostName
from sage_edge.remote.board.probe import BoardContainer, BoardDeployment, BoardEngine, BoardProbe
from sage_edge.verify import check, provisioned
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckCase, CheckedThing, CheckResult, Fact, HostCheck, always, once
from sage_edge.verify.provisioned import Things
from sage_edge.verify.wants import (
    Among,
    AtLeast,
    FactValue,
    Holds,
    IfThere,
    Is,
    NamedBy,
    Nothing,
    NotOlder,
    NotYet,
    Something,
    Within,
    in_seconds,
)

BoardFact = Fact[BoardTarget, FactValue]
BoardCheck = HostCheck[BoardTarget, FactValue]
BoardCase = CheckCase[BoardTarget, FactValue]

HEARTBEAT_S = 600.0
"""As old as images/shared/healthy.py lets a heartbeat become."""

CLOCK_S = 30.0
"""How far a board's clock may be off: sessions are due to the minute."""

DISK_BYTES: Mapping[str, int] = {"sage": 500_000_000, "docker": 2_000_000_000}
"""Headroom: for journals and transcripts, and for the next image's changed layers."""

MEMORY_BYTES = 250_000_000
"""Headroom beside the running agent, before the kernel begins to kill."""

AGENT_USER = "10001:10001"


# facts: a question, and where one probe answers it


def _probe(kind: str, read: Callable[[BoardProbe], FactValue]) -> BoardFact:
    return Fact(kind, lambda at, _: read(at.probe))


def _each(kind: str, read: Callable[[BoardProbe, str], FactValue]) -> BoardFact:
    return Fact(kind, lambda at, of: read(at.probe, of))


def _engine(kind: str, read: Callable[[BoardEngine], FactValue]) -> BoardFact:
    return Fact(kind, lambda at, _: read(at.engine) if at.engine else None)


def _agent(kind: str, read: Callable[[BoardContainer, str], FactValue]) -> BoardFact:
    return Fact(kind, lambda at, of: read(at.agent, of) if at.agent else None)


def _mapping(seen: BoardProbe, key: str) -> Mapping[str, Any]:
    """A mapping that the helper tells; an older one tells less, and is still worth reading."""
    return dict(seen.answer.get(key) or {})


def _account(seen: BoardProbe, name: str) -> FactValue:
    account = _mapping(seen, "users").get(name)
    return f"{account['uid']}:{account['gid']}" if account else None


def _memberships(seen: BoardProbe, name: str) -> FactValue:
    account = _mapping(seen, "users").get(name)
    return frozenset(account["groups"]) if account else None


def _place(seen: BoardProbe, path: str) -> FactValue:
    place = seen.files.get(path)
    return f"{place['mode']} {place['uid']}:{place['gid']}" if place else None


def _sha256(digits: str | None) -> FactValue:
    return f"sha256:{digits}" if digits else None


def _settled(deployed: BoardDeployment) -> FactValue:
    """The release that serves, by what the newest deployment came to; None while it is under way."""
    ended = {"committed": deployed.journal_release, "reverted": deployed.journal_previous}
    return ended.get(deployed.journal_state or "")


def _manifest(seen: BoardProbe, ref: str) -> FactValue:
    return _sha256(seen.models.get(f"{ref.replace(':', '/')}.json"))


def _set(values: Sequence[str] | None) -> FactValue:
    return None if values is None else frozenset(values)


HELPER = _probe("helper", lambda seen: seen.helper)
JOURNAL = _probe("journal", lambda seen: seen.deployed.journal_state)
TEXT = _each("text", lambda seen, path: _sha256(_mapping(seen, "texts").get(path)))
LABEL = _agent("label", lambda agent, name: agent.labels.get(name))
MANIFEST = _each("manifest", _manifest)


# remedies that several checks share

PROVISION, DEPLOY = invoke("provision", host="HOST"), invoke("deploy", host="HOST")
LOGS: Hint = ("see: ", invoke("logs", host="HOST"))
BUILD: Hint = (invoke("image.build", host="HOST"), ", then ", DEPLOY)
WHOLE = (invoke("rollback", host="HOST", list=True), ", and take one that is whole")
KEEP_TIME = "on the board: sudo timedatectl set-ntp true"


# what is wanted of several things


def _labels(at: BoardTarget) -> Things:
    if at.release is not None:
        yield CheckedThing(Is(at.host.role), "sage.role", "role")
        yield CheckedThing(Is("l4t" if at.has_gpu else "cpu"), "sage.platform", "platform")
        if at.has_gpu:  # an image for plain processors is made for no board
            yield CheckedThing(Is(at.host.board), "sage.board", "board")


def _baked_names(at: BoardTarget) -> Things:
    for ref in at.release.models if at.release else ():
        if ref in at.baked:
            yield CheckedThing(Is(ref), "sage.model", "model")


def _baked_weights(at: BoardTarget) -> Things:
    for ref in at.release.models if at.release else ():
        if ref in at.baked:
            digest = at.weights.get(ref)
            wants = Is(digest) if digest else Something("a digest; no copy here to compare it with")
            yield CheckedThing(wants, "sage.model.digest", ref)


def _needed_manifests(at: BoardTarget) -> Things:
    for ref, manifest in at.release.models.items() if at.release else ():
        if ref not in at.baked:
            yield CheckedThing(Is(manifest), ref)


def _other_manifests(at: BoardTarget) -> Things:
    """What the board's store holds besides is what fleet/models.lock names, or is not there."""
    needed = at.release.models.keys() - at.baked if at.release else frozenset()
    for ref, digest in sorted(at.locked.items()) if at.current else ():
        if ref not in needed:
            yield CheckedThing(IfThere(digest), ref)


def _disks(_: BoardTarget) -> Things:
    for disk, least in DISK_BYTES.items():
        yield CheckedThing(AtLeast(least, sizes.text), disk)


CHECKS: tuple[BoardCheck, ...] = (
    HostCheck("helper", HELPER, once(lambda at: Is(at.helper)), PROVISION),
    HostCheck(
        "board is {}",
        Fact("board", lambda at, _: frozenset(contradictions(at.probe.board, at.card))),
        lambda at: [CheckedThing(Nothing("no contradiction"), name=at.card.name)],
        ("is the address right? ", ssh("HOST", "hostname"), "; if so, mend fleet/boards"),
    ),
    # people and places, as provisioning left them
    HostCheck("group {}", _each("group", lambda seen, name: seen.groups.get(name)), provisioned.groups, PROVISION),
    HostCheck("user {}", _each("user", _account), provisioned.users, PROVISION),
    HostCheck("groups of {}", _each("groups", _memberships), provisioned.memberships, PROVISION),
    HostCheck("rights of /{}", _each("place", _place), provisioned.places, PROVISION),
    HostCheck(
        "host card",
        _probe("card", lambda seen: provisioned.claims(seen.card)),
        provisioned.card,
        PROVISION,
    ),
    HostCheck("content of {}", TEXT, provisioned.texts, PROVISION),
    HostCheck(
        "{} at boot",
        _each("unit", lambda seen, name: "enabled" if _mapping(seen, "units").get(name) else "disabled"),
        provisioned.units,
        PROVISION,
    ),
    HostCheck(
        "secrets open to anybody",
        _probe("secrets", lambda seen: _set(seen.answer.get("secrets_open"))),
        always(Nothing()),
        "on the board: sudo chmod o-r FILE",
    ),
    # the engine
    HostCheck(
        "docker",
        _engine("engine", lambda engine: engine.version),
        once(lambda at: NotOlder(at.oldest_engine)),
        (
            "on the board: sudo systemctl start docker; not installed: ",
            invoke("provision", host="HOST"),
        ),
    ),
    HostCheck(
        "docker compose",
        _engine("compose", lambda engine: "there" if engine.compose else None),
        always(Something("there")),
        (
            invoke("provision", host="HOST"),
            "; where that has no package for it, install docker compose by hand",
        ),
    ),
    HostCheck(
        "runtime",
        _engine("runtimes", lambda engine: frozenset(engine.runtimes)),
        once(lambda at: Holds(frozenset({"nvidia" if at.has_gpu else "runc"}))),
        ("on the board: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"),
    ),
    # the release; a board that was only provisioned is sound, one whose journal knows of a lost release is not
    HostCheck("release", JOURNAL, once(lambda at: None if at.current else NotYet()), DEPLOY),
    HostCheck(
        "release",
        _probe("release", lambda seen: _sha256(seen.deployed.release_sha256)),
        once(lambda at: NamedBy(at.current) if at.current else None),
        WHOLE,
    ),
    HostCheck(
        "newest deployment",
        JOURNAL,
        once(lambda at: Among(frozenset({"committed", "reverted"})) if at.current else None),
        ("see: ", invoke("audit", host="HOST"), "; then ", DEPLOY),
    ),
    HostCheck(
        "release by the journal",
        _probe("settled", lambda seen: _settled(seen.deployed)),
        once(lambda at: Is(at.current) if at.current else None),
        (*WHOLE, "; or ", DEPLOY),
    ),
    HostCheck(
        "agent",
        _agent("status", lambda agent, _: agent.status),
        once(lambda at: Is("running") if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "health of the agent",
        _agent("health", lambda agent, _: agent.health),
        once(lambda at: Is("healthy") if at.current else None),
        LOGS,
    ),
    HostCheck(
        "agent's user",
        _agent("runs-as", lambda agent, _: agent.user),
        once(lambda at: Is(AGENT_USER) if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "agent's release",
        _agent("serves", lambda agent, _: agent.release),
        once(lambda at: Is(at.current) if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "image",
        _agent("image", lambda agent, _: agent.image),
        once(lambda at: Is(at.release.image) if at.release else None),
        DEPLOY,
    ),
    HostCheck("image's {}", LABEL, _labels, BUILD),
    HostCheck("image's {}", LABEL, _baked_names, BUILD),
    HostCheck("model {}", LABEL, _baked_weights, BUILD),
    HostCheck("model {}", MANIFEST, _needed_manifests, DEPLOY),
    HostCheck(
        "bytes of the models",
        _probe("blobs", lambda seen: _set(seen.answer.get("bytes_missing"))),
        once(lambda at: Nothing("all that is listed") if at.current else None),
        (
            invoke("sync", host="HOST", model="REF"),
            ", or on the board: ",
            sage("model verify", deep=True),
        ),
    ),
    HostCheck("manifest of {}", MANIFEST, _other_manifests, invoke("sync", host="HOST", model="REF")),
    # how it is doing now
    HostCheck(
        "heartbeat",
        _probe("heartbeat", lambda seen: seen.answer.get("heartbeat_age_s")),
        once(lambda at: Within(HEARTBEAT_S, in_seconds) if at.current else None),
        LOGS,
    ),
    HostCheck(
        "last wake",
        _probe("wakes", lambda seen: _set(seen.failing)),
        once(lambda at: Nothing("no failure") if at.current else None),
        LOGS,
    ),
    HostCheck(
        "clock",
        _probe("offset", lambda seen: seen.clock_ahead_s),
        always(Within(CLOCK_S, in_seconds)),
        KEEP_TIME,
    ),
    HostCheck(
        "clock is kept",
        _probe("kept", lambda seen: "yes" if seen.clock_synchronized else "no"),
        once(lambda at: Is("yes") if at.card.clock != "shared" else None),
        KEEP_TIME,
    ),
    HostCheck(
        "room for {}",
        _each("disk", lambda seen, disk: seen.disk[disk]["free"] if disk in seen.disk else None),
        _disks,
        "on the board: docker image prune; df -h",
    ),
    HostCheck(
        "free memory",
        _probe("memory", lambda seen: seen.memory.get("available")),
        always(AtLeast(MEMORY_BYTES, sizes.text)),
        "stop what else runs on the board",
    ),
    HostCheck(
        "exchange",
        Fact("exchange"),
        lambda at: [CheckedThing(Is("answers"), at.remote)] if at.current else [],
        (
            "does the exchange know its key? see /srv/sage/keys/exchange.pub there, and: ",
            invoke("logs", host="HOST"),
        ),
    ),
)


def cases(at: BoardTarget) -> tuple[BoardCase, ...]:
    """Return everything that must be true of a board, in the order in which people read it."""
    return tuple(case for declared in CHECKS for case in declared.cases(at, at.name))


def examine(at: BoardTarget) -> tuple[CheckResult, ...]:
    """Return what comes of each check that one probe answers."""

    def unanswered(case: BoardCase) -> CheckResult | None:
        if at.probe.helper == at.helper:
            return None
        return case.unasked("its helper, another than ours, does not say", invoke("provision", host=at.name))

    return tuple(check.examine(CHECKS, at, at.name, unanswered))


def helper_case(host: HostName, helper: str) -> BoardCase:
    """Return the one check of a board whose helper says nothing that can be read. helper: ours, 12 hex digits."""
    return CheckCase("helper", HELPER, "", Is(helper), invoke("provision", host=host))
