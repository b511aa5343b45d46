"""BoardFacts in, findings out: every verdict that a check can give."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.clock import SystemClock
from sage_edge.clock_trust import ClockBounds, ClockTrust, ClockWatch
from sage_edge.errors import HubRefused, SageError, Unreachable
from sage_edge.exchange.branch_state import BranchState
from sage_edge.exchange.errors import KeyUnusable
from sage_edge.inventory import load
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.models.errors import ModelIncomplete, ModelNotFound
from sage_edge.names import HostName, ModelRef
from sage_edge.verify import machine_judges, probes
from sage_edge.verify.machine import ClockFacts, FreeDisk, clock_facts
from sage_edge.verify.machine_judges import KnownModels, SignedHosts
from sage_edge.verify.probes import ExchangeAnswer, Kernel, Token

NANO = BoardFacts("aarch64", "36.4.7", None, "tegra234", "NVIDIA Jetson Orin Nano Developer Kit", None, 7_990_000_000)
LAPTOP = BoardFacts("x86_64", None, None, None, None, None, 16_000_000_000)
REF = ModelRef("sage/seedling:q8_0")
SPROUT, THOR = HostName("sprout"), HostName("thor")
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def boards() -> dict[str, Board]:
    return dict(load.load(Path(__file__).parents[2] / "fleet").boards)


def test_a_board_agrees_with_its_card_or_the_sentence_says_why_not(boards: dict[str, Board]) -> None:
    known = machine_judges.board(NANO, boards, "orin-nano")
    assert known.verdict == "ok"
    assert known.answer.endswith("agrees with orin-nano, as declared")
    unknown = machine_judges.board(LAPTOP, boards, None)
    assert unknown.answer == "x86_64, 16.0 GB: agrees with cpu; no host is declared for it here"
    other = machine_judges.board(LAPTOP, boards, "orin-nano")
    assert other.verdict == "fail"
    assert "not orin-nano, because the processor is x86_64" in other.answer
    odd = machine_judges.board(replace(NANO, soc="tegra194"), boards, None)
    assert (odd.verdict, odd.remedy) == ("fail", hints.sage("fleet show"))


def test_an_unreadable_release_is_none(boards: dict[str, Board]) -> None:
    nano = boards["orin-nano"]
    assert machine_judges.l4t(NANO, nano).answer == "Jetson Linux 36.4.7"
    assert machine_judges.l4t(LAPTOP, boards["cpu"]).verdict == "ok"
    assert machine_judges.l4t(LAPTOP, None).verdict == "skipped"
    unreadable = machine_judges.l4t(replace(NANO, l4t=None, l4t_unreadable="soon"), nano)
    assert unreadable.answer == "the release file says 'soon', which is no release"
    late = machine_judges.l4t(replace(NANO, l4t="39.2.0"), nano)
    assert (late.verdict, late.answer) == (
        "fail",
        "/etc/nv_tegra_release says Jetson Linux 39.2.0, orin-nano has 36.4 up to, not including, 37",
    )


ON_CPU = Kernel("torch")
ON_NANO = Kernel("torch", True, ("Orin",), "8.7", True)


@pytest.mark.parametrize(
    ("kernels", "board", "verdict", "says"),
    [
        ([ON_CPU], "cpu", "ok", "torch is built without a GPU; board cpu has no GPU"),
        ([], "cpu", "ok", "neither torch nor llama.cpp is installed; board cpu has no GPU"),
        ([], None, "skipped", "neither torch nor llama.cpp is installed; no board says whether there is a GPU"),
        ([ON_NANO], "orin-nano", "ok", "torch ran a kernel on Orin (8.7)"),
        ([ON_CPU], "orin-nano", "fail", "torch is built without a GPU"),
        ([], "orin-nano", "fail", "neither torch nor llama.cpp is installed"),
        ([replace(ON_NANO, ran=False)], "orin-nano", "fail", "torch ran nothing on Orin (8.7)"),
        ([ON_NANO], "agx-thor", "fail", "torch ran a kernel on Orin (8.7); the board has 11.0"),
        ([replace(ON_NANO, cuda="13.2", newest="13.2")], "orin-nano", "ok", "torch ran a kernel on Orin (8.7)"),
        ([replace(ON_NANO, cuda="12.6", newest="13.0")], "orin-nano", "ok", "torch ran a kernel on Orin (8.7)"),
        (
            [replace(ON_NANO, cuda="13.2", newest="13.0")],
            "orin-nano",
            "warn",
            "torch ran a kernel on Orin (8.7); it is built with CUDA 13.2, the driver was made for 13.0: unproven",
        ),
        ([Kernel("torch", refusal="killed")], "orin-nano", "fail", "torch could not be asked: killed"),
    ],
)
def test_only_a_kernel_that_ran_is_a_gpu(
    boards: dict[str, Board], kernels: list[Kernel], board: str | None, verdict: str, says: str
) -> None:
    finding = machine_judges.cuda(kernels, boards[board] if board else None)
    assert (finding.verdict, finding.answer) == (verdict, says)
    assert bool(finding.remedy) == (verdict in ("warn", "fail"))


def test_layers_that_stayed_on_the_cpu_prove_nothing() -> None:
    said = Kernel("llama_cpp", True, ran=True)
    log = "ggml_cuda_init: found 1 CUDA devices:\n  Device 0: Orin, compute capability 8.7, VMM: yes\n"
    assert not probes.read_llama(said, log).ran
    assert not probes.read_llama(said, log + "load_tensors: offloaded 3/5 layers to GPU\n").ran
    moved = probes.read_llama(said, log + "load_tensors: offloaded 5/5 layers to GPU\n")
    assert (moved.ran, moved.capability, moved.devices) == (True, "8.7", ("Orin",))


@pytest.mark.parametrize(("available", "verdict"), [(None, "warn"), (99, "fail"), (124, "warn"), (125, "ok")])
def test_memory(available: int | None, verdict: str) -> None:
    assert machine_judges.memory(available, 100, REF).verdict == verdict


@pytest.mark.parametrize(("free", "verdict"), [(199_999_999, "fail"), (1_999_999_999, "warn"), (2_000_000_000, "ok")])
def test_disk(free: int, verdict: str) -> None:
    rooms = [FreeDisk(Path("a"), 10**12), FreeDisk(Path("b"), free)]
    assert machine_judges.disk(rooms).verdict == verdict


def test_models() -> None:
    other = ModelRef("a/b:c")
    gone: dict[ModelRef, SageError | None] = {REF: None, other: ModelNotFound(other, ())}
    fine = machine_judges.models(KnownModels(gone, ()), REF)
    assert (fine.verdict, fine.answer) == ("ok", f"{REF} can be resolved, 1 more are only declared")
    bad = machine_judges.models(KnownModels(gone, ()), other)
    assert (bad.verdict, bad.remedy) == ("fail", ModelNotFound(other, ()).hint)
    assert bad.answer.startswith("no model named a/b:c")
    assert machine_judges.models(KnownModels({other: gone[other]}, ()), None).verdict == "fail"
    damaged: dict[ModelRef, SageError | None] = {REF: None, other: ModelIncomplete(other, ["a.gguf"], hint="mend it")}
    odd = machine_judges.models(KnownModels(damaged, (other,)), REF)
    assert (odd.verdict, odd.answer, odd.remedy) == ("warn", f"a/b:c lacks a.gguf; {REF} can be resolved", "mend it")


@pytest.mark.parametrize(
    ("state", "verdict", "words", "remedy"),
    [
        (None, "skipped", "no card", ""),
        (BranchState(None, (), 1), "ok", "1 other host read", ""),
        (BranchState(None, ("thor",), 0), "warn", "'thor'", "sage-edge exchange trust HOST COMMIT"),
        (
            BranchState("0a1b2c3d4e5f6a", ("thor",), 0),
            "fail",
            "0a1b2c3d4e5f ",
            "sage-edge exchange repair --because REASON",
        ),
    ],
)
def test_branches(state: BranchState | None, verdict: str, words: str, remedy: str) -> None:
    judgement = machine_judges.branches(state)
    assert judgement.verdict == verdict
    assert words in judgement.answer
    assert remedy in hints.text(judgement.remedy)


def test_token_and_exchange() -> None:
    assert machine_judges.token(Token(REF, 1, 0.25)).answer == f"{REF} drew a token in 0.25 s"
    assert machine_judges.token(Token(REF, refusal="it was ended by signal 9")).verdict == "fail"
    assert (
        machine_judges.exchange(ExchangeAnswer("hub.git", 2)).answer == "hub.git answers, 2 hosts have a branch there"
    )
    assert machine_judges.exchange(ExchangeAnswer("hub.git", 1)).answer == "hub.git answers, 1 host has a branch there"


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [(Unreachable("hub.git is silent", hint="wait"), ""), (HubRefused("hub: a new key", hint="compare"), "compare")],
)
def test_an_exchange_that_refuses_says_what_a_wake_says(refusal: HubRefused | Unreachable, remedy: str) -> None:
    judgement = machine_judges.exchange(ExchangeAnswer("hub.git", refusal=refusal))
    assert (judgement.verdict, judgement.answer, judgement.remedy) == ("fail", refusal.message, remedy)


def test_papers() -> None:
    assert machine_judges.papers(()).verdict == "ok"
    judgement = machine_judges.papers([f"odd-{number} is a pipe" for number in range(7)])
    assert judgement.verdict == "warn"
    assert judgement.answer.endswith("odd-4 is a pipe, and 2 more")


@pytest.mark.parametrize(
    ("fact", "verdict", "words", "remedy"),
    [
        (None, "skipped", "cannot be read", ""),
        (SignedHosts(SPROUT, ()), "ok", "every host", ""),
        (SignedHosts(SPROUT, (SPROUT, THOR)), "warn", "sprout, thor", "invoke key.enrol --host sprout"),
        (SignedHosts(SPROUT, (THOR,)), "warn", "unsigned", "invoke key.enrol --host thor"),
        (SignedHosts(None, (THOR,)), "warn", "thor", "invoke key.enrol --host thor"),
        (SignedHosts(SPROUT, (), KeyUnusable("no key", hint="make one")), "fail", "no key", "make one"),
    ],
)
def test_signatures(fact: SignedHosts | None, verdict: str, words: str, remedy: str) -> None:
    judgement = machine_judges.signatures(fact)
    assert judgement.verdict == verdict
    assert words in judgement.answer
    assert remedy in hints.text(judgement.remedy)


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (ClockFacts(ClockTrust(NOW), None, True), "ok"),
        (ClockFacts(ClockTrust(NOW), NOW, None), "ok"),
        (ClockFacts(ClockTrust(NOW), None, False), "warn"),
        (ClockFacts(ClockTrust(NOW), NOW + timedelta(minutes=1), True), "warn"),
        (ClockFacts(ClockTrust(NOW), NOW + timedelta(minutes=1), False), "fail"),
        (ClockFacts(ClockTrust(NOW), NOW + timedelta(minutes=1), None), "fail"),
        (ClockFacts(ClockTrust(NOW, "it says so"), None, True), "fail"),
    ],
)
def test_the_clock_is_plausible_or_not(fact: ClockFacts, verdict: str) -> None:
    assert machine_judges.clock(fact).verdict == verdict


def test_a_heartbeat_of_this_start_is_no_word_against_the_clock(tmp_path: Path) -> None:
    """How the clock was set since then a watch sees by itself; one of another start, or of an older agent, may tell."""
    watch, beat = ClockWatch(SystemClock(), ClockBounds(), tmp_path / "clock.json"), tmp_path / "heartbeat.json"
    assert clock_facts(watch, beat).written is None
    for content, tells in ((b"{}", True), (b'{"boot": "another"}', True), (b"[", True), (b"[1]", True)):
        beat.write_bytes(content)
        assert (clock_facts(watch, beat).written is not None) is tells
    beat.write_text(json.dumps({"boot": SystemClock().read().boot}))
    assert clock_facts(watch, beat).written is None
