"""Judge the facts that `sage-edge doctor` measures: a fact in, a verdict with an answer and maybe a remedy out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sage_edge import sanitize, sizes
from sage_edge.errors import HubRefused, SageError
from sage_edge.exchange.branch_state import BranchState
from sage_edge.hints import invoke, sage
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import BoardFacts, contradictions
from sage_edge.names import HostName, ModelRef
from sage_edge.sizes import counted
from sage_edge.verify.check import CheckJudgement, CheckVerdict
from sage_edge.verify.libraries import Libraries
from sage_edge.verify.machine import ClockFacts, FreeDisk
from sage_edge.verify.probes import ExchangeAnswer, Kernel, Token

_LEAST_DISK, _ENOUGH_DISK = 200_000_000, 2_000_000_000

# Which package brings a library, and what else to do; the first pattern that matches. Source: facts §2.3 and §2.4
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"libnvpl_", "take a torch that bundles it (the public aarch64 wheel, from 2.15.0), or install NVIDIA's nvpl"),
    (r"libcudss", "take a torch that does not need it (the public aarch64 wheel, from 2.15.0), or install cudss"),
    (r"libcuda\.so|libnvidia-|libnvcuvid", "the GPU's driver is not in here: start the container with runtime: nvidia"),
    (
        r"lib(cudart|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc|nvJitLink|cupti|nvshmem)",
        "this build wants another CUDA than the one that is here: take the image that belongs to this board's JetPack",
    ),
    (r"libgomp\.so", "apt-get install libgomp1"),
    (r"libstdc\+\+", "apt-get install libstdc++6"),
    (r"libopenblas|liblapack|libblas", "apt-get install libopenblas0"),
)


def board(facts: BoardFacts, boards: Mapping[str, Board] | None, declared: str | None) -> CheckJudgement:
    """Hold the measured machine against the board that its host is declared to be, or against every card.

    boards: None where the fleet cannot be read.
    """
    if boards is None:
        return CheckJudgement("skipped", "fleet/ cannot be read, so there is no card to hold the machine against")
    seen = _seen(facts)
    if declared is not None:
        return _declared_board(facts, seen, boards[declared], declared)
    agreeing = agree(facts, boards)
    if not agreeing:
        return CheckJudgement("fail", f"{seen}: no card below fleet/boards agrees", sage("fleet show"))
    return CheckJudgement("ok", f"{seen}: agrees with {' and '.join(agreeing)}; no host is declared for it here")


def _declared_board(facts: BoardFacts, seen: str, card: Board, declared: str) -> CheckJudgement:
    if wrong := contradictions(facts, card):
        remedy = "if this is another machine, correct its card; if not, fleet/boards is wrong: ", sage("fleet check")
        return CheckJudgement("fail", f"{seen}: not {declared}, because {'; '.join(wrong)}", remedy)
    return CheckJudgement("ok", f"{seen}: agrees with {declared}, as declared")


def agree(facts: BoardFacts, boards: Mapping[str, Board]) -> tuple[str, ...]:
    """Return the boards whose cards nothing measured contradicts."""
    return tuple(name for name, card in sorted(boards.items()) if not contradictions(facts, card))


def _seen(facts: BoardFacts) -> str:
    parts = (facts.model, facts.soc, facts.part_number, facts.arch, sizes.text(facts.memory_bytes))
    return ", ".join(part for part in parts if part)


def l4t(facts: BoardFacts, card: Board | None) -> CheckJudgement:
    """Judge Jetson Linux: a release, none where none belongs, never an unreadable one."""
    if facts.l4t_unreadable is not None:
        return CheckJudgement("fail", f"the release file says {facts.l4t_unreadable!r}, which is no release")
    release = f"Jetson Linux {facts.l4t}" if facts.l4t else "no Jetson Linux"
    if card is None:
        return CheckJudgement("warn" if facts.l4t else "skipped", f"{release}; no board to hold it against")
    wrong = [sentence for sentence in contradictions(facts, card) if "Jetson Linux" in sentence]
    return CheckJudgement("fail", "; ".join(wrong)) if wrong else CheckJudgement("ok", release)


def libraries(facts: Libraries) -> CheckJudgement:
    """Judge that every shared library that a package needs is there."""
    if facts.version is None:
        return CheckJudgement("skipped", "not installed here")
    if facts.missing:
        first, *others = facts.missing
        also = f"; after it: {', '.join(missing.name for missing in others[:5])}" if others else ""
        answer = f"{first.name} is missing, which {first.needed_by} needs{also}"
        return CheckJudgement("fail", answer, library_remedy(first.name))
    if facts.refusal:
        remedy = f"reinstall {facts.package}: its parts do not fit together"
        return CheckJudgement("fail", facts.refusal[:300], remedy)
    return CheckJudgement("ok", f"{facts.version}: {facts.loaded} libraries load, with all that they need")


def library_remedy(name: str) -> str:
    """Return what brings a missing library."""
    known = next((remedy for pattern, remedy in _REMEDIES if re.match(pattern, name)), None)
    return known or f"find what brings it: apt-file search {name}"


def cuda(kernels: Sequence[Kernel], card: Board | None) -> CheckJudgement:
    """Judge that a kernel ran on the GPU that the board has; where it has none, nothing is asked of it."""
    ran = [kernel for kernel in kernels if kernel.ran]
    capability = card.compute_capability if card is not None else None
    answer = "; ".join(map(_ran, kernels)) or "neither torch nor llama.cpp is installed"
    if card is None:
        return CheckJudgement("ok" if ran else "skipped", f"{answer}; no board says whether there is a GPU")
    if capability is None:
        return CheckJudgement("ok", f"{answer}; board {card.name} has no GPU")
    if [kernel for kernel in ran if kernel.capability not in (None, capability)]:
        review = ("is fleet/boards right? ", sage("fleet check"))
        return CheckJudgement("fail", f"{answer}; the board has {capability}", review)
    if ahead := [kernel for kernel in ran if kernel.is_ahead]:
        versions = f"it is built with CUDA {ahead[0].cuda}, the driver was made for {ahead[0].newest}"
        take = f"take a {ahead[0].library} built with CUDA {ahead[0].newest}, or a newer Jetson Linux"
        return CheckJudgement("warn", f"{answer}; {versions}: unproven", take)
    if ran:
        return CheckJudgement("ok", answer)
    start = f"start the container with runtime: nvidia, with an image built for {capability}"
    return CheckJudgement("fail", answer, start)


def _ran(kernel: Kernel) -> str:
    if kernel.refusal:
        return f"{kernel.library} could not be asked: {kernel.refusal}"
    if not kernel.built:
        return f"{kernel.library} is built without a GPU"
    on = f"{', '.join(kernel.devices) or 'no device'} ({kernel.capability or 'capability unknown'})"
    return f"{kernel.library} ran a kernel on {on}" if kernel.ran else f"{kernel.library} ran nothing on {on}"


def memory(available: int | None, needs: int, ref: ModelRef) -> CheckJudgement:
    """Judge that so much memory is free as the model needs. available: bytes; None: nobody says."""
    if available is None:
        return CheckJudgement("warn", "nobody says how much is free", "is /proc mounted in here?")
    answer = f"{sizes.text(available)} are free, {ref} needs {sizes.text(needs)}"
    if available < needs:
        return CheckJudgement("fail", answer)
    return CheckJudgement("warn" if available < needs * 5 // 4 else "ok", answer)


def disk(rooms: Sequence[FreeDisk]) -> CheckJudgement:
    """Judge that there is room to write."""
    answer = ", ".join(f"{sizes.text(room.free_bytes)} for {room.path}" for room in rooms)
    least = min(room.free_bytes for room in rooms)
    if least < _LEAST_DISK:
        return CheckJudgement("fail", answer)
    return CheckJudgement("warn" if least < _ENOUGH_DISK else "ok", answer)


@dataclass(frozen=True)
class KnownModels:
    """Every model that is declared or here. refusals: name → why not to be resolved; stored: those with files here."""

    refusals: Mapping[ModelRef, SageError | None]
    stored: Collection[ModelRef]


def models(known: KnownModels, conducts: ModelRef | None) -> CheckJudgement:
    """Judge that the model that this host conducts with can be resolved, and so can everything whose files are here."""
    resolved = known.refusals
    there = sorted(ref for ref, refusal in resolved.items() if refusal is None)
    broken = [refusal for ref, refusal in sorted(resolved.items()) if refusal is not None and ref in known.stored]
    absent = len(resolved) - len(there) - len(broken)
    answer = f"{', '.join(there) or 'none'} can be resolved" + (f", {absent} more are only declared" if absent else "")
    refusal = None if conducts is None else resolved[conducts]
    if refusal is not None:
        return CheckJudgement("fail", f"{refusal.message}; {answer}", refusal.hint)
    if broken:
        return CheckJudgement("warn", f"{broken[0].message}; {answer}", broken[0].hint)
    return CheckJudgement("ok", answer) if there else CheckJudgement("fail", answer, sage("model list"))


def token(fact: Token | None) -> CheckJudgement:
    """Judge that one token was drawn. None: nothing here could draw one."""
    if fact is None:
        remedy = "pip install 'sage-edge[practitioner]'"
        return CheckJudgement("skipped", "llama-cpp-python is not installed", remedy)
    if fact.refusal:
        return CheckJudgement("fail", f"{fact.ref} drew none: {fact.refusal}", sage("model verify", fact.ref))
    return CheckJudgement("ok", f"{fact.ref} drew a token in {fact.seconds:.2f} s")


def clock(fact: ClockFacts) -> CheckJudgement:
    """Judge that the clock may be believed, and does not stand before what this machine has written by it."""
    now = f"{fact.trust.at:%Y-%m-%d %H:%M:%SZ}"
    if fact.trust.doubt is not None:
        return CheckJudgement("fail", f"it is in doubt, so nothing is served or expires: {fact.trust.doubt}")
    if fact.written is not None and fact.trust.at + timedelta(seconds=2) < fact.written:
        answer = f"it says {now}, before this machine's own heartbeat of {fact.written:%Y-%m-%d %H:%M:%SZ}"
        verdict: CheckVerdict = "warn" if fact.synchronised else "fail"  # then it was that one that was ahead
        return CheckJudgement(verdict, answer, ("set it where it is wrong; the next heartbeat: ", sage("agent run")))
    if fact.synchronised is False:
        return CheckJudgement("warn", f"{now} is plausible, but nothing keeps it in step")
    return CheckJudgement("ok", now)


def branches(fact: BranchState | None) -> CheckJudgement:
    """Judge that the hub holds as ours what we wrote, and that every branch is read. None: no host is declared here."""
    if fact is None:
        return CheckJudgement("skipped", "no card says which host this is")
    if fact.foreign is not None:
        answer = f"the exchange holds {fact.foreign[:12]} as this host's, which does not lead to what it wrote"
        return CheckJudgement("fail", answer, sage("exchange repair", because="REASON"))
    if fact.unread:
        remedy = (
            "its status names rule and commit; whoever knows why: ",
            sage("exchange trust", "HOST", "COMMIT", because="REASON"),
        )
        return CheckJudgement("warn", f"not read to the end: {', '.join(map(ascii, fact.unread))}", remedy)
    return CheckJudgement("ok", f"{counted(fact.read, 'other host')} read, as last heard")


def papers(skipped: Sequence[str]) -> CheckJudgement:
    """Judge that nothing lies among the papers but papers. skipped: what else does, each with the reason."""
    if not skipped:
        return CheckJudgement("ok", "nothing lies among the papers that is none")
    more = f", and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    answer = f"not published: {', '.join(map(sanitize.one_line, skipped[:5]))}{more}"
    return CheckJudgement("warn", answer, "move it away: papers are plain files, and this host writes them itself")


@dataclass(frozen=True)
class SignedHosts:
    """Whose commits are checked. own: this host; unsigned: the hosts without a key; refusal: why own cannot sign."""

    own: HostName | None
    unsigned: tuple[HostName, ...]
    refusal: SageError | None = None


def signatures(fact: SignedHosts | None) -> CheckJudgement:
    """Judge that every host signs what it writes, and that this one can. None: nobody says which hosts there are."""
    if fact is None:
        return CheckJudgement("skipped", "fleet/ cannot be read, so nobody says who signs")
    if fact.refusal is not None:
        return CheckJudgement("fail", fact.refusal.message, fact.refusal.hint)
    if not fact.unsigned:
        return CheckJudgement("ok", "every host signs what it writes")
    whose = ", ".join(fact.unsigned)
    answer = f"unsigned, so whoever may push can write in its name: {whose} (allowed_signers holds no key of it)"
    first = fact.own if fact.own in fact.unsigned else fact.unsigned[0]
    return CheckJudgement("warn", answer, ("on the workstation: ", invoke("key.enrol", host=first)))


def exchange(fact: ExchangeAnswer | None) -> CheckJudgement:
    """Judge that the exchange answers. None: nobody says where it is."""
    if fact is None:
        return CheckJudgement("skipped", "fleet/ cannot be read, so nobody says where it is")
    if fact.refusal is not None:
        only_a_person = isinstance(fact.refusal, HubRefused)
        return CheckJudgement("fail", fact.refusal.message, fact.refusal.hint if only_a_person else "")
    have = "has" if fact.branches == 1 else "have"
    return CheckJudgement("ok", f"{fact.remote} answers, {counted(fact.branches, 'host')} {have} a branch there")
