"""What this machine measurably can do. Every check stands alone: one that breaks is a finding and stops no other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sage_edge import hints
from sage_edge.errors import SageError
from sage_edge.inventory import identity, load
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import Facts, measure
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import Host
from sage_edge.models.card import read_cards
from sage_edge.models.prepare.stages import is_part
from sage_edge.models.resolve import SHIPPED, Library, known, resolve
from sage_edge.names import ModelRef
from sage_edge.paths import Paths
from sage_edge.verify import expectations, libraries, machine, probes
from sage_edge.verify.finding import Finding

SEEDLING = ModelRef("sage/seedling:q8_0")
"""The model that every checkout has: what it shows is that an engine runs, not how a mind speaks."""


@dataclass(frozen=True)
class Patient:
    """What is known of this machine before the first check. refusal: why its host or fleet is not known."""

    paths: Paths
    now: datetime
    facts: Facts
    fleet: Fleet | None
    host: Host | None
    refusal: SageError | None

    @property
    def board(self) -> Board | None:
        """The declared board; else the only one that agrees with what is measured."""
        if self.fleet is None:
            return None
        if self.host is not None:
            return self.fleet.boards[self.host.board]
        agreeing = expectations.agree(self.facts, self.fleet.boards)
        return self.fleet.boards[agreeing[0]] if len(agreeing) == 1 else None

    @property
    def model(self) -> ModelRef:
        """The model that this host conducts with, else the seedling."""
        return SEEDLING if self.host is None or self.host.model is None else self.host.model

    @property
    def library(self) -> Library:
        return Library(self.paths.fleet, self.paths.models)


def admit(paths: Paths, now: datetime, as_host: str | None = None) -> Patient:
    """Return what the declarations say of this machine; nothing wrong with them stops the examination."""
    facts = measure(paths.facts_root)
    fleet, host, refusal = None, None, None
    try:
        fleet, host, _ = identity.claim(paths, as_host)
    except identity.NoIdentity:
        fleet, refusal = _fleet(paths)
    except SageError as wrong:
        fleet, refusal = _fleet(paths)[0], wrong
    return Patient(paths, now, facts, fleet, host, refusal)


def _fleet(paths: Paths) -> tuple[Fleet | None, SageError | None]:
    try:
        return load.load(paths.fleet), None
    except SageError as wrong:
        return None, wrong


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield one finding per check, as soon as it is made."""
    for name, check in _CHECKS.items():
        try:
            yield check(patient)
        except SageError as refusal:
            yield Finding(name, "fail", "; ".join(refusal.message.splitlines()), hints.text(refusal.hint))
        except Exception as broken:  # a check that breaks must not hide the others' findings
            yield Finding(name, "fail", f"the check broke: {type(broken).__name__}: {broken}"[:300], "report it")


def _declarations(patient: Patient) -> Finding:
    if patient.refusal is not None:
        raise patient.refusal
    who = f"this machine is {patient.host.name}" if patient.host else "no card says which host this is"
    return Finding("declarations", "ok", f"fleet/ holds together; {who}")


def _board(patient: Patient) -> Finding:
    if patient.fleet is None:
        return Finding("board", "skipped", "fleet/ cannot be read, so there is no card to hold the machine against")
    return expectations.board(patient.facts, patient.fleet.boards, patient.host.board if patient.host else None)


def _l4t(patient: Patient) -> Finding:
    return expectations.l4t(patient.facts, patient.board)


def _torch(_: Patient) -> Finding:
    return expectations.libraries(libraries.examine("torch"))


def _llama(_: Patient) -> Finding:
    return expectations.libraries(libraries.examine("llama_cpp"))


def _cuda(patient: Patient) -> Finding:
    kernels = []
    if libraries.installed("torch"):
        kernels.append(probes.torch_kernel())
    if libraries.installed("llama_cpp"):
        kernels.append(probes.llama_kernel(resolve(SEEDLING, (SHIPPED,)).path))
    return expectations.cuda(kernels, patient.board)


def _memory(patient: Patient) -> Finding:
    ref = patient.model
    shelved, cards = known((SHIPPED,)), read_cards(patient.paths.fleet) if patient.fleet is not None else {}
    needs = cards[ref].minimum_memory_bytes if ref in cards else shelved[SEEDLING][1].minimum_memory_bytes
    return expectations.memory(machine.available_memory(patient.paths.facts_root), needs, ref)


def _disk(patient: Patient) -> Finding:
    return expectations.disk([machine.room(patient.paths.state), machine.room(patient.paths.models)])


def _models(patient: Patient) -> Finding:
    library, host = patient.library, patient.host
    here = {ref for ref in library.store.refs() if not is_part(ref)}
    resolved = {
        ref: _refusal(library, ref, patient.facts.memory_bytes)
        for ref in {SEEDLING, patient.model, *here, *read_cards(patient.paths.fleet)}
    }
    return expectations.models(resolved, here, host.model if host else None)


def _refusal(library: Library, ref: ModelRef, memory_bytes: int) -> SageError | None:
    """Why a model cannot be used here; None when it can."""
    try:
        library.resolve(ref, memory_bytes=memory_bytes)
    except SageError as refusal:
        return refusal
    return None


def _token(patient: Patient) -> Finding:
    if libraries.installed("llama_cpp") is None:
        return Finding("token", "skipped", "llama-cpp-python is not installed", "pip install 'sage-edge[practitioner]'")
    layers = -1 if patient.board is not None and patient.board.compute_capability else 0
    ref = patient.model if _is_gguf(patient.library, patient.model) else SEEDLING
    return expectations.token(probes.token(ref, patient.paths.fleet, patient.paths.models, gpu_layers=layers))


def _is_gguf(library: Library, ref: ModelRef) -> bool:
    """Whether a model is here as the one file that llama.cpp loads."""
    return _refusal(library, ref, sys.maxsize) is None and library.resolve(ref).path.is_file()


def _clock(patient: Patient) -> Finding:
    return expectations.clock(machine.clock_facts(patient.now, patient.paths.heartbeat))


def _exchange(patient: Patient) -> Finding:
    if patient.fleet is None:
        return Finding("exchange", "skipped", "fleet/ cannot be read, so nobody says where it is")
    return expectations.exchange(probes.exchange(patient.fleet.remote))


_CHECKS: dict[str, Callable[[Patient], Finding]] = {
    "declarations": _declarations,
    "board": _board,
    "l4t": _l4t,
    "libraries of torch": _torch,
    "libraries of llama_cpp": _llama,
    "cuda": _cuda,
    "memory": _memory,
    "disk": _disk,
    "models": _models,
    "token": _token,
    "clock": _clock,
    "exchange": _exchange,
}
