"""`invoke retire`: a host goes for good. What it is to do is shown first, and every step may be done again.

    board stopped and marked ─► state archived and proven ─► key taken away at the exchange ─► its keys ended here

A run that is cut off is ended by the next one; how far the last one came is in `host_memory`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import hints
from sage_edge.cli.environment import log, log_of
from sage_edge.clock import SystemClock
from sage_edge.deploy import provision
from sage_edge.deploy.held_lock import holding
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import ExitCode, Unreachable, UsageError
from sage_edge.hints import invoke
from sage_edge.names import HostName
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.board.identity_check import require_own
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import NotReady, UnreadableProbe
from sage_edge.remote.ssh import config
from sage_edge.workstation import (
    backup_service,
    context,
    hub_admission,
    key_service,
    packed_state,
    undeclared,
)
from sage_edge.workstation import host_memory as memories
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import BackupDamaged

_KEY = "srv/sage/keys/exchange"


@dataclass(frozen=True)
class RetireAsked:
    """What a person typed."""

    host: str
    sure: bool = False
    without_board: bool = False
    when: str = "idle"
    until: str = ""
    as_json: bool = False


@dataclass(frozen=True)
class RetireDone:
    """What became of a host. archive: the folder of its state, None where there is none. by_hand: what is left to do.

    then: what may be deleted now, and who should hear of it.
    """

    archive: str | None
    by_hand: tuple[str, ...]
    then: tuple[str, ...]


def retire(here: FleetContext, asked: RetireAsked) -> int:
    """Show what becomes of a host, or retire it when sure; return 10 while something is left to do by hand."""
    host = _named(here, asked)
    if not asked.sure:
        code = context.for_each(
            here,
            [host],
            lambda name: _looked_at(here, name, asked),
            lambda lines: "\n".join(("would be retired", *lines)),
            as_json=asked.as_json,
            schema="sage-edge/to-be-retired/1",
        )
        if code == 0:
            again = invoke("retire", host=host, without_board=asked.without_board, yes=True)
            log(f"nothing was done; to do it: {hints.text(again, here.surroundings)}")
        return code
    left: list[str] = []

    def one(name: HostName) -> RetireDone:
        done = retired(here, name, asked)
        left.extend(done.by_hand)
        return done

    code = context.for_each(here, [host], one, _shown, as_json=asked.as_json, schema="sage-edge/retired/1")
    return ExitCode.PENDING if code == 0 and left else code


def retired(here: FleetContext, host: HostName, asked: RetireAsked) -> RetireDone:
    """Retire a host; see the drawing above. Raises what each step raises; the next run goes on from there."""
    say = log_of(host)
    before = memories.read(here.root, here.fleet, host)
    past = before.retired or memories.Retired(at=SystemClock().now())
    by_hand: list[str] = []
    public = ""
    if not asked.without_board:
        past, public = _on_board(here, host, past, asked, say)
    elif past.archive is None:
        by_hand += _without_board(before)
    by_hand += filter(None, [hub_admission.dismiss(here.fleet, here.fleet.addresses, host, public, say)])
    key_service.closed(here, host, public, asked.until, say)
    past = past.model_copy(update={"done": True})
    memories.keep(here.root, here.fleet, before.model_copy(update={"retired": past}))
    return RetireDone(past.archive, tuple(by_hand), tuple(_then(here, host)))


def _named(here: FleetContext, asked: RetireAsked) -> HostName:
    """The host that is meant: a declared board, or one that is only known here. Raises UsageError."""
    if asked.when not in ("idle", "now"):
        raise UsageError(f"expected --when idle or now, got {asked.when!r}", hint=invoke("retire", help=True))
    if asked.host in here.fleet.hosts:
        return here.chosen(asked.host, "", everyone=False)[0]
    known = [case.host for case in undeclared.of(here)]
    memory = [memory.host for memory in memories.every(here.root, here.fleet)]
    if asked.host not in {*known, *memory, *(signer.host for signer in here.fleet.signers)}:
        there = ", ".join(sorted({*here.fleet.hosts, *known})) or "none"
        raise UsageError(
            f"no host named {asked.host!r} is declared or known here; there are: {there}",
            hint=("say which: ", invoke("retire", host="HOST")),
        )
    return HostName(asked.host)


def _looked_at(here: FleetContext, host: HostName, asked: RetireAsked) -> tuple[str, ...]:
    """Say what would become of a host, a line each; nothing is written."""
    return tuple(f"  {line}" for line in _lines(here, host, asked))


def _lines(here: FleetContext, host: HostName, asked: RetireAsked) -> Iterator[str]:
    if asked.without_board:
        yield "its board is not asked: whatever runs there goes on, and its state is not archived"
    else:
        yield _on_board_now(_seen(here, host))
        yield "its state is archived below .sage/backups"
    if here.fleet.hub_administrator is not None:
        yield f"its key goes from the exchange, by {here.fleet.hub_administrator}"
    elif here.fleet.overlay != "sim":
        yield "its key at the exchange has to be removed by hand: fleet.yaml names no administrator there"
    yield "of what it writes from then on nothing counts"


def _seen(here: FleetContext, host: HostName) -> BoardProbe:
    with _reached(here, host), here.seen(host) as board:
        facts = board.facts(of_any_helper=True)
    require_own(facts, here.fleet.name)
    return facts


def _on_board_now(facts: BoardProbe) -> str:
    if facts.deployed.retired:
        return f"its board was retired at {facts.deployed.retired}"
    runs = f"release {facts.serving} runs" if facts.serving else "nothing of ours runs"
    return f"on its board {runs}; all of it is stopped, and neither boot nor timer starts it again"


def _on_board(
    here: FleetContext, host: HostName, past: memories.Retired, asked: RetireAsked, say: Callable[[str], None]
) -> tuple[memories.Retired, str]:
    """Stop the board and archive its state; return how far that came, and the board's public key.

    Raises BackupDamaged where the archive is not proven, and nothing more is done then.
    """
    with _reached(here, host), here.board(host) as board:
        with contextlib.suppress(NotReady, UnreadableProbe):  # no helper or a very old one: asked again below
            require_own(board.facts(of_any_helper=True), here.fleet.name)
        board.install()
        facts = board.facts()
        require_own(facts, here.fleet.name)
        with holding(board, "retire", RolloutTimeouts()) as token:
            mark = board.retire(token, cut=asked.when == "now")
        say(f"it is stopped for good, since {mark['at']}")
        if past.marked != mark["at"] or not _is_whole(past.archive):
            archive = backup_service.kept(here, board, say).folder
            packed_state.read(Path(archive))  # as it lies on this disk
            past = past.model_copy(update={"marked": mark["at"], "archive": archive})
            memory = memories.read(here.root, here.fleet, host)
            memories.keep(here.root, here.fleet, memory.model_copy(update={"retired": past}))
        return past, _public_key(here, board, facts)


def _is_whole(archive: str | None) -> bool:
    try:
        return archive is not None and bool(packed_state.read(Path(archive)))
    except BackupDamaged:
        return False


def _public_key(here: FleetContext, board: BoardClient, facts: BoardProbe) -> str:
    if facts.files.get(_KEY) is None:
        return ""
    return str(board.provision([provision.key(here.fleet, board.host)])[0]["public"])


@contextlib.contextmanager
def _reached(here: FleetContext, host: HostName) -> Iterator[None]:
    """Say, of a board that does not answer, what can be done without it."""
    try:
        yield
    except Unreachable as silent:
        without = invoke("retire", host=host, without_board=True)
        hint = ("once it answers, the same again; if it never will: ", without)
        raise Unreachable(f"{silent.message}; its agent may run on, and nothing was taken from it", hint=hint) from None


def _without_board(before: memories.HostMemory) -> Iterator[str]:
    yield (
        "stop it, at the board's own console: sudo systemctl disable --now sage-watch.timer sage-release.service; "
        "sudo docker rm --force sage-agent-1"
    )
    last = f"the last backup is of {before.archived:%Y-%m-%d %H:%M}Z" if before.archived else "there is no backup here"
    yield f"bring its state to safety, if anybody needs it: /srv/sage/state there; {last}"


def _then(here: FleetContext, host: HostName) -> Iterator[str]:
    folder = here.fleet.folder
    if host in here.fleet.hosts:
        yield f"{folder.name}/hosts/{host}.yaml can be deleted, and what {folder.name}/overlays say of {host}"
    if undeclared.has_address(here, host):
        files = f"{here.fleet.addresses.name}/{config.CONFIG} and {config.KEYS}"
        yield f"then its block and its key in {files}"
    deploy = hints.text(invoke("deploy", all=True), here.surroundings)
    yield f"to let the others know that nothing new of it counts: {deploy}"


def _shown(done: RetireDone) -> str:
    archive = f"its state is in {done.archive}" if done.archive else "its state was not archived"
    left = [f"  left to do by hand: {what}" for what in done.by_hand]
    return "\n".join([f"retired; {archive}", *left, *(f"  {what}" for what in done.then)])
