"""What this machine measurably can do (`sage-edge doctor`), as a table: adding a check is adding a value here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from sage_edge.errors import SageError
from sage_edge.exchange import branch_state, papers
from sage_edge.exchange.branch_state import BranchState
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.commit_key import Signing
from sage_edge.hints import Hint, sage
from sage_edge.inventory import board_facts
from sage_edge.models.cards import read_cards
from sage_edge.models.prepare.stages import is_part
from sage_edge.models.resolve import SHIPPED, known, resolve
from sage_edge.verify import check, libraries, machine, probes
from sage_edge.verify import machine_judges as judges
from sage_edge.verify.check import By, CheckJudgement, CheckResult, Fact, HostCheck, once
from sage_edge.verify.this_machine import SEEDLING, ThisMachine

V = TypeVar("V")


def _declarations(here: ThisMachine) -> str:
    if here.refusal is not None:
        raise here.refusal
    who = f"this machine is {here.host.name}" if here.host else "no card says which host this is"
    return f"fleet/ holds together; {who}"


def _kernels(_: ThisMachine) -> list[probes.Kernel]:
    kernels = []
    if libraries.installed("torch"):
        kernels.append(probes.torch_kernel())
    if libraries.installed("llama_cpp"):
        kernels.append(probes.llama_kernel(resolve(SEEDLING, (SHIPPED,)).path))
    return kernels


def _needed_memory(here: ThisMachine) -> int:
    """Bytes that the host's model needs, or the seedling where no card says."""
    cards = read_cards(here.paths.fleet) if here.fleet is not None else {}
    if here.model in cards:
        return cards[here.model].minimum_memory_bytes
    return known((SHIPPED,))[SEEDLING][1].minimum_memory_bytes


def _models(here: ThisMachine) -> judges.KnownModels:
    stored = {ref for ref in here.library.store.refs() if not is_part(ref)}
    refs = {SEEDLING, here.model, *stored, *read_cards(here.paths.fleet)}
    return judges.KnownModels({ref: here.refuses(ref, here.facts.memory_bytes) for ref in refs}, stored)


def _token(here: ThisMachine) -> probes.Token | None:
    if libraries.installed("llama_cpp") is None:
        return None
    layers = -1 if here.board is not None and here.board.compute_capability else 0
    is_gguf = here.refuses(here.model) is None and here.library.resolve(here.model).path.is_file()
    ref = here.model if is_gguf else SEEDLING  # a model that is one file is what llama.cpp loads
    return probes.token(ref, here.paths.fleet, here.paths.models, gpu_layers=layers)


def _exchange(here: ThisMachine) -> probes.ExchangeAnswer | None:
    if here.fleet is None:
        return None
    return probes.exchange(here.fleet.remote, here.host.name if here.host else None)


def _branches(here: ThisMachine) -> BranchState | None:
    if here.fleet is None or here.host is None:
        return None
    paths = here.paths
    return branch_state.look(Clone(here.host.name, paths.exchange, paths.papers, paths.locks, here.fleet.remote))


def _signed(here: ThisMachine) -> judges.SignedHosts | None:
    if here.fleet is None:
        return None
    unsigned = tuple(host.name for _, host in sorted(here.fleet.hosts.items()) if not here.fleet.signs(host.name))
    refusal = None
    if here.host is not None:
        try:
            Signing(here.fleet.signers, here.paths.key).words(here.host.name)
        except SageError as unusable:
            refusal = unusable
    return judges.SignedHosts(here.host.name if here.host else None, unsigned, refusal)


def _check(
    name: str,
    answer: Callable[[ThisMachine], V],
    judge: Callable[[ThisMachine, V], CheckJudgement],
    remedy: Hint = "",
) -> HostCheck[ThisMachine, V]:
    """Return one check. answer: what is measured; judge: whether it fits this machine; remedy: where it has none."""
    fact: Fact[ThisMachine, V] = Fact(name, lambda here, _: answer(here))
    return HostCheck(name, fact, once(lambda here: By(partial(judge, here))), remedy)


CHECKS: tuple[HostCheck[ThisMachine, Any], ...] = (
    _check("declarations", _declarations, lambda _, sentence: CheckJudgement("ok", sentence)),
    _check(
        "board",
        lambda here: here.facts,
        lambda here, facts: judges.board(
            facts, here.fleet.boards if here.fleet else None, here.host.board if here.host else None
        ),
    ),
    _check(
        "l4t",
        lambda here: here.facts,
        lambda here, facts: judges.l4t(facts, here.board),
        "flash the release that fleet/boards names, or take the image for the one that is there",
    ),
    _check(
        "libraries of torch",
        lambda _: libraries.examine("torch"),
        lambda _, loaded: judges.libraries(loaded),
    ),
    _check(
        "libraries of llama_cpp",
        lambda _: libraries.examine("llama_cpp"),
        lambda _, loaded: judges.libraries(loaded),
    ),
    _check("cuda", _kernels, lambda here, kernels: judges.cuda(kernels, here.board)),
    _check(
        "memory",
        lambda here: board_facts.available_memory(here.paths.facts_root),
        lambda here, available: judges.memory(available, _needed_memory(here), here.model),
        "stop what else runs on this machine, or declare a smaller model for this host",
    ),
    _check(
        "disk",
        lambda here: [machine.free_disk(here.paths.state), machine.free_disk(here.paths.models)],
        lambda _, disks: judges.disk(disks),
        ("see what can go: ", sage("model gc")),
    ),
    _check(
        "models",
        _models,
        lambda here, models: judges.models(models, here.host.model if here.host else None),
    ),
    _check("token", _token, lambda _, token: judges.token(token)),
    _check(
        "clock",
        lambda here: machine.clock_facts(here.watch, here.paths.heartbeat),
        lambda _, clock: judges.clock(clock),
        (
            "timedatectl set-ntp true; a board without a battery needs the network for that; or set it by hand, then: ",
            sage("clock trust", because="REASON"),
        ),
    ),
    _check(
        "exchange",
        _exchange,
        lambda _, answer: judges.exchange(answer),
        (
            "name its address in fleet/fleet.yaml under exchange; on a new hub: ",
            sage("exchange init", "PATH"),
        ),
    ),
    _check("branches", _branches, lambda _, state: judges.branches(state)),
    _check("papers", lambda here: papers.walk(here.paths.papers).skipped, lambda _, skipped: judges.papers(skipped)),
    _check("signatures", _signed, lambda _, signed: judges.signatures(signed)),
)


def examine(here: ThisMachine) -> Iterator[CheckResult]:
    """Yield what comes of each check, as soon as it is made."""
    return check.examine(CHECKS, here)
