"""What the kill tests count, and what they hold the hub against."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sage_edge.exchange import rules
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.records.worklog import WorklogLine
from sage_edge.shell import Command, run
from tests.fakes import World
from tests.kill import victims


@dataclass(frozen=True)
class Verdict:
    """What one case came to. turns: acknowledged ones; problems: everything else that must not be."""

    name: str
    kills: int
    turns: int
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    reused: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The sum over many cases. points: distinct places at which a process was killed, 0 where they are random."""

    name: str
    points: int
    cases: int
    kills: int
    turns: int
    lost: int
    doubled: int
    torn: int
    reused: int
    problems: tuple[str, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.torn or self.reused or self.problems)

    def __str__(self) -> str:
        where = f"{self.points} points, " if self.points else ""
        return (
            f"{self.name}: {where}{self.cases} runs, {self.kills} kills, {self.turns} turns acknowledged, {self.lost} "
            f"lost, {self.doubled} doubled, {self.torn} torn, {self.reused} numbers reused, "
            f"{len(self.problems)} other problems, {self.seconds:.1f} s"
            + "".join(f"\n  {p}" for p in self.problems[:20])
        )


def total(name: str, points: int, verdicts: Sequence[Verdict], seconds: float) -> Report:
    """Add verdicts up."""
    counts = {
        key: sum(getattr(v, key) for v in verdicts) for key in ("kills", "turns", "lost", "doubled", "torn", "reused")
    }
    problems = tuple(f"{v.name}: {problem}" for v in verdicts for problem in v.problems)
    return Report(name=name, points=points, cases=len(verdicts), problems=problems, seconds=seconds, **counts)


def shared(cases: Sequence[int], judge: Callable[[int], Verdict], folder: Path, workers: int = 2) -> list[Verdict]:
    """Judge cases in a few processes at a time, and return the verdicts in any order."""
    pids = []
    for worker in range(workers):
        mine = cases[worker::workers]

        def work(mine: Sequence[int] = mine, worker: int = worker) -> int:
            lines = [json.dumps(asdict(judge(case))) for case in mine]
            (folder / f"verdicts-{worker}").write_text("\n".join(lines), encoding="utf-8")
            return 0

        pids.append(victims.spawn(work, folder / f"crash-{worker}.txt"))
    found: list[Verdict] = []
    for worker, pid in enumerate(pids):
        if victims.status_of(pid) != 0:
            raise RuntimeError((folder / f"crash-{worker}.txt").read_text(encoding="utf-8"))
        for line in (folder / f"verdicts-{worker}").read_text(encoding="utf-8").splitlines():
            content = json.loads(line)
            found.append(Verdict(**{**content, "problems": tuple(content["problems"])}))
    return found


def judge(name: str, world: World, acks: Path, kills: int, *, fsck: bool, whole: bool) -> Verdict:
    """Hold what the hub has against what was promised. whole: every session must have ended complete."""
    problems: list[str] = []
    papers = _published(world)
    transcripts = _transcripts(papers, problems)
    heads: dict[str, set[str]] = {}
    for transcript in transcripts.values():
        heads.setdefault(transcript.session, set()).add(transcript.head.fingerprint())
    said = victims.testimony(acks)
    for line in said:
        if line["kind"] == "claim":
            heads.setdefault(line["session"], set()).add(line["digest"])
    kept = Counter(str(turn.fingerprint()) for transcript in transcripts.values() for turn in transcript.turns)
    promised = [line["digest"] for line in said if line["kind"] == "turn"]
    asked = Counter((t.session, u.step, u.attempt) for t in transcripts.values() for u in t.turns)
    answered = Counter((t.session, u.step) for t in transcripts.values() for u in t.turns if u.outcome == "ok")
    problems += _numbers(transcripts, heads)
    problems += _diary(papers)
    problems += _leftovers(world, papers)
    if whole:
        problems += [
            f"{t.session} ended {t.closing.ending}" for t in transcripts.values() if t.closing.ending != "complete"
        ]
    if fsck:
        problems += _fsck(world)
    return Verdict(
        name=name,
        kills=kills,
        turns=len(promised),
        lost=sum(1 for digest in promised if digest not in kept),
        doubled=sum(n - 1 for n in (*kept.values(), *asked.values(), *answered.values())),
        torn=sum(1 for path, _ in papers.items() if path.startswith("sessions/")) - len(transcripts),
        reused=sum(1 for found in heads.values() if len(found) > 1),
        problems=tuple(problems),
    )


def _published(world: World) -> dict[str, bytes]:
    listed = run(_git(world, "ls-tree", "-r", "-z", "host/sprout")).out.split(b"\0")[:-1]
    entries = [entry.decode().split("\t") for entry in listed]
    oids = [about.split(" ")[2] for about, _ in entries]
    answer = run(
        _git(world, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in dict.fromkeys(oids)).encode())
    ).out
    bodies = dict(rules.objects(answer))
    return {path: bodies[oid] for (_, path), oid in zip(entries, oids, strict=True)}


def _transcripts(papers: dict[str, bytes], problems: list[str]) -> dict[str, Transcript]:
    """Every whole transcript by path; one that is not whole is told of, and counts as torn."""
    found: dict[str, Transcript] = {}
    for path, content in papers.items():
        if not path.startswith("sessions/"):
            continue
        try:
            transcript = parse(Transcript, content)
        except ValueError as unreadable:
            problems.append(f"{path}: {unreadable}")
            continue
        if faults := chain_faults(transcript):
            problems.append(f"{path}: {faults}")
        else:
            found[path] = transcript
    return found


def _numbers(transcripts: dict[str, Transcript], heads: dict[str, set[str]]) -> list[str]:
    held = sorted(transcript.session for transcript in transcripts.values())
    expected = [SessionId.of("P", number + 1) for number in range(len(held))]
    problems = [] if held == expected and held else [f"the sessions are {', '.join(held) or 'none'}"]
    return problems + [f"{session} was claimed, and is not there" for session in sorted(heads.keys() - set(held))]


def _diary(papers: dict[str, bytes]) -> list[str]:
    problems = []
    for path, content in papers.items():
        if path.startswith("worklog/"):
            for number, line in enumerate(content.split(b"\n")[:-1], start=1):
                try:
                    parse(WorklogLine, line)
                except ValueError as unreadable:
                    problems.append(f"{path}:{number}: {unreadable}")
            if content and not content.endswith(b"\n"):  # empty: killed between creating it and the first line
                problems.append(f"{path} ends in the middle of a line")
    return problems


def _leftovers(world: World, papers: dict[str, bytes]) -> list[str]:
    """Temporaries, and papers that the hub has not."""
    state = world.paths("sprout").state
    names = [path.relative_to(state).as_posix() for path in state.rglob("*") if path.is_file()]
    own = {name.removeprefix("papers/") for name in names if name.startswith("papers/")}
    rest = [
        name for name in names if ".tmp-" in name or "tmp_" in name or (name.endswith(".lock") and "locks/" not in name)
    ]
    return [f"{name} was left behind" for name in rest] + [
        f"{name} is only here" for name in sorted(own - papers.keys())
    ]


def _fsck(world: World) -> list[str]:
    clone = world.paths("sprout").exchange
    checks = (_git(world, "fsck", "--full", "--strict"), Command(("git", f"--git-dir={clone}", "fsck", "--full")))
    return [
        line
        for check in checks
        for line in run(check).complaint.splitlines()
        if not line.startswith(("dangling", "notice:"))
    ]


def _git(world: World, *words: str, stdin: bytes = b"") -> Command:
    return Command(("git", f"--git-dir={world.hub}", *words), stdin=stdin, env={"GIT_CONFIG_GLOBAL": os.devnull})
