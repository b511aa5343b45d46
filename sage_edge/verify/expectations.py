"""Facts in, findings out: what is expected of a machine, and what to do where it is not so. Nothing is measured."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from sage_edge import hints
from sage_edge.errors import SageError
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import Facts, contradictions
from sage_edge.names import ModelRef
from sage_edge.verify.finding import Finding, Verdict
from sage_edge.verify.libraries import Libraries
from sage_edge.verify.machine import ClockFacts, Room
from sage_edge.verify.probes import Exchange, Kernel, Token

WRITTEN = datetime(2026, 11, 1, tzinfo=timezone.utc)
"""When this was written: no honest clock stands before it."""

_HORIZON = timedelta(days=20 * 365)
_LEAST_DISK, _ENOUGH_DISK = 200_000_000, 2_000_000_000

# Which package brings a library, and what else to do; the first pattern that matches. Source: facts §2.3 and §2.4
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"libnvpl_", "take a torch that bundles it (the public aarch64 wheel, from 2.15.0), or install NVIDIA's nvpl"),
    (r"libcudss", "take a torch that does not need it (the public aarch64 wheel, from 2.15.0), or install cudss"),
    (r"libcuda\.so|libnvidia-|libnvcuvid", "the GPU's driver is not in here: start the container with runtime: nvidia"),
    (r"lib(cudart|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc|nvJitLink|cupti|nvshmem)",
     "this build wants another CUDA than the one that is here: take the image that belongs to this board's JetPack"),
    (r"libgomp\.so", "apt-get install libgomp1"),
    (r"libstdc\+\+", "apt-get install libstdc++6"),
    (r"libopenblas|liblapack|libblas", "apt-get install libopenblas0"),
)  # fmt: skip


def board(facts: Facts, boards: Mapping[str, Board], declared: str | None) -> Finding:
    """Hold the measured machine against the board that its host is declared to be, or against every card."""
    seen = _seen(facts)
    if declared is not None:
        wrong = contradictions(facts, boards[declared])
        if wrong:
            return Finding(
                "board", "fail", f"{seen}: not {declared}, because {'; '.join(wrong)}",
                "if this is another machine, correct its card; if not, fleet/boards is wrong: sage-edge fleet check",
            )  # fmt: skip
        return Finding("board", "ok", f"{seen}: agrees with {declared}, as declared")
    agreeing = agree(facts, boards)
    if not agreeing:
        return Finding("board", "fail", f"{seen}: no card below fleet/boards agrees", "sage-edge fleet show")
    return Finding("board", "ok", f"{seen}: agrees with {' and '.join(agreeing)}; no host is declared for it here")


def agree(facts: Facts, boards: Mapping[str, Board]) -> tuple[str, ...]:
    """Name the boards whose cards nothing measured contradicts."""
    return tuple(name for name, card in sorted(boards.items()) if not contradictions(facts, card))


def _seen(facts: Facts) -> str:
    parts = (facts.model, facts.soc, facts.part_number, facts.arch, f"{facts.memory_bytes // 1_000_000} MB")
    return ", ".join(part for part in parts if part)


def l4t(facts: Facts, card: Board | None) -> Finding:
    """Jetson Linux: a release, none where none belongs, never an unreadable one."""
    remedy = "flash the release that fleet/boards names, or take the image for the one that is there"
    if facts.l4t_unreadable is not None:
        return Finding("l4t", "fail", f"the release file says {facts.l4t_unreadable!r}, which is no release", remedy)
    found = f"Jetson Linux {facts.l4t}" if facts.l4t else "no Jetson Linux"
    if card is None:
        return Finding("l4t", "warn" if facts.l4t else "skipped", f"{found}; no board to hold it against")
    wrong = [sentence for sentence in contradictions(facts, card) if "Jetson Linux" in sentence]
    return Finding("l4t", "fail", "; ".join(wrong), remedy) if wrong else Finding("l4t", "ok", found)


def libraries(facts: Libraries) -> Finding:
    """Every shared library that a package needs is there."""
    check = f"libraries of {facts.package}"
    if facts.version is None:
        return Finding(check, "skipped", "not installed here")
    if facts.missing:
        first, *others = facts.missing
        also = f"; after it: {', '.join(missing.name for missing in others[:5])}" if others else ""
        found = f"{first.name} is missing, which {first.needed_by} needs{also}"
        return Finding(check, "fail", found, library_remedy(first.name))
    if facts.refusal:
        return Finding(check, "fail", facts.refusal[:300], f"reinstall {facts.package}: its parts do not fit together")
    return Finding(check, "ok", f"{facts.version}: {facts.loaded} libraries load, with all that they need")


def library_remedy(name: str) -> str:
    """Return what brings a missing library."""
    known = next((remedy for pattern, remedy in _REMEDIES if re.match(pattern, name)), None)
    return known or f"find what brings it: apt-file search {name}"


def cuda(kernels: Sequence[Kernel], card: Board | None) -> Finding:
    """A kernel ran on the GPU that the board has; where it has none, nothing is asked of it."""
    ran = [kernel for kernel in kernels if kernel.ran]
    wanted = card.compute_capability if card is not None else None
    told = "; ".join(map(_told, kernels)) or "neither torch nor llama.cpp is installed"
    if wanted is None:
        verdict: Verdict = "ok" if ran or card is not None else "skipped"
        whose = f"board {card.name} has no GPU" if card is not None else "no board says whether there is a GPU"
        return Finding("cuda", verdict, f"{told}; {whose}")
    other = [kernel.capability for kernel in ran if kernel.capability not in (None, wanted)]
    if other:
        return Finding(
            "cuda", "fail", f"{told}; the board has {wanted}", "is fleet/boards right? sage-edge fleet check"
        )
    if ran:
        return Finding("cuda", "ok", told)
    return Finding(
        "cuda", "fail", told, f"start the container with runtime: nvidia, with an image built for {wanted}"
    )  # fmt: skip


def _told(kernel: Kernel) -> str:
    if kernel.refusal:
        return f"{kernel.library} could not be asked: {kernel.refusal}"
    if not kernel.built:
        return f"{kernel.library} is built without a GPU"
    on = f"{', '.join(kernel.devices) or 'no device'} ({kernel.capability or 'capability unknown'})"
    return f"{kernel.library} ran a kernel on {on}" if kernel.ran else f"{kernel.library} ran nothing on {on}"


def memory(available: int | None, needs: int, ref: ModelRef) -> Finding:
    """So much memory is free as the model needs."""
    remedy = "stop what else runs on this machine, or declare a smaller model for this host"
    if available is None:
        return Finding("memory", "warn", "nobody says how much is free", "is /proc mounted in here?")
    found = f"{available // 1_000_000} MB are free, {ref} needs {needs // 1_000_000} MB"
    if available < needs:
        return Finding("memory", "fail", found, remedy)
    return Finding("memory", "warn", found, remedy) if available < needs * 5 // 4 else Finding("memory", "ok", found)


def disk(rooms: Sequence[Room]) -> Finding:
    """There is room to write."""
    found = ", ".join(f"{room.free_bytes // 1_000_000} MB for {room.path}" for room in rooms)
    least = min(room.free_bytes for room in rooms)
    remedy = "see what can go: sage-edge model gc"
    if least < _LEAST_DISK:
        return Finding("disk", "fail", found, remedy)
    return Finding("disk", "warn", found, remedy) if least < _ENOUGH_DISK else Finding("disk", "ok", found)


def models(
    resolved: Mapping[ModelRef, SageError | None], here: Collection[ModelRef], wanted: ModelRef | None
) -> Finding:
    """The model that this host conducts with can be resolved, and so can everything whose files are here.

    resolved: name → why not, for every name that is declared or here. here: those whose files are in the store.
    """
    there = sorted(ref for ref, refusal in resolved.items() if refusal is None)
    broken = [(ref, refusal) for ref, refusal in sorted(resolved.items()) if refusal is not None and ref in here]
    absent = len(resolved) - len(there) - len(broken)
    found = f"{', '.join(there) or 'none'} can be resolved" + (f", {absent} more are only declared" if absent else "")
    refusal = None if wanted is None else resolved[wanted]
    if refusal is not None:
        return Finding("models", "fail", f"{refusal.message}; {found}", hints.text(refusal.hint))
    for _, damage in broken:
        return Finding("models", "warn", f"{damage.message}; {found}", hints.text(damage.hint))
    return Finding("models", "ok" if there else "fail", found, "" if there else "sage-edge model list")


def token(fact: Token) -> Finding:
    """One token was drawn."""
    if fact.refusal:
        return Finding("token", "fail", f"{fact.ref} drew none: {fact.refusal}", f"sage-edge model verify {fact.ref}")
    return Finding("token", "ok", f"{fact.ref} drew a token in {fact.seconds:.2f} s")


def clock(fact: ClockFacts) -> Finding:
    """The clock is neither before this was written nor before what this machine has written by it."""
    now = f"{fact.now:%Y-%m-%d %H:%M:%SZ}"
    remedy = "set it: timedatectl set-ntp true; a board without a battery needs the network for that"
    if fact.now < WRITTEN:
        return Finding("clock", "fail", f"it says {now}, before this program was written", remedy)
    if fact.now > WRITTEN + _HORIZON:
        return Finding("clock", "fail", f"it says {now}, which is implausibly late", remedy)
    if fact.written is not None and fact.now + timedelta(seconds=2) < fact.written:
        return Finding("clock", "fail", f"it says {now}, before this machine's own heartbeat of {fact.written}", remedy)
    if fact.synchronised is False:
        return Finding("clock", "warn", f"{now} is plausible, but nothing keeps it in step", remedy)
    return Finding("clock", "ok", now)


def exchange(fact: Exchange) -> Finding:
    """The exchange answers."""
    if fact.refusal:
        return Finding(
            "exchange", "fail", f"{fact.remote} does not answer: {fact.refusal}",
            "name its address in fleet/fleet.yaml under exchange; on a new hub: sage-edge exchange init PATH",
        )  # fmt: skip
    return Finding("exchange", "ok", f"{fact.remote} answers, {fact.branches} hosts have a branch there")
