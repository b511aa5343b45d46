"""Many starts at once: whoever gets a number, nobody else gets it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import cast

from sage_edge.errors import Locked
from sage_edge.exchange.branch_reader import Papers
from sage_edge.exchange.post import Post
from sage_edge.names import HostName, SessionId
from sage_edge.sessions.run import claim_next
from tests.fakes import PRIMARY, Home
from tests.kill import report, stage, victims
from tests.kill.report import Report, Verdict


class Silent:
    """A post that has heard of everything and holds nothing, so that a claim costs no git."""

    def known(self) -> bool:
        return True

    def names(self, host: HostName, folder: str) -> tuple[str, ...]:
        return ()

    def read(self, host: HostName, folder: str, only: Collection[str] | None = None) -> Papers:
        return ()


def race(folder: Path, n: int, *, insist: bool = False) -> Report:
    """Start `n` sessions of one host at the same moment; the losers end with Locked. Each number is conducted once.

    insist: the losers try again until each of them has conducted one.
    """
    began = time.monotonic()
    played = stage.make(folder, doorkeeper=True)
    world = played.world(folder / "race")
    played.home(world).post.open()
    played.home(world).post.receive()

    def contest() -> int:
        victims.testify(stage.acks(world))
        while True:
            try:
                played.home(world).runner.start(PRIMARY, None)
                return 0
            except Locked:
                if not insist:
                    raise
                time.sleep(0.01)

    codes = _all_at_once(n, contest, stage.crash(world))
    trouble = [f"{count} ended with {code}" for code, count in codes.items() if code not in (0, Locked.code)]
    home = played.home(world)
    home.post.publish("race", attempts=1)
    verdict = report.judge("race", world, stage.acks(world), 0, fsck=True, whole=True)
    claims = [line["session"] for line in victims.testimony(stage.acks(world)) if line["kind"] == "claim"]
    if codes[0] < (n if insist else 1) or len(claims) != codes[0]:
        trouble.append(f"{codes[0]} ended well, {len(claims)} numbers were claimed")
    found = Verdict(**{**verdict.__dict__, "problems": (*trouble, *verdict.problems)})
    name = f"race of {n} starts ({codes[0]} conducted, {codes[Locked.code]} refused)"
    return report.total(name, 0, [found], time.monotonic() - began)


def race_for_numbers(folder: Path, n: int) -> Report:
    """Let `n` processes claim a number at the same moment, without any lock. There are `n` different numbers."""
    began = time.monotonic()
    played = stage.make(folder, doorkeeper=False)
    world = played.world(folder / "race")
    victim = _without_git(played.home(world))

    def contest() -> int:
        victims.testify(stage.acks(world))
        claim_next(victim.context(), victim.paths.journals, PRIMARY, None)
        return 0

    codes = _all_at_once(n, contest, stage.crash(world))
    claims = Counter(line["session"] for line in victims.testimony(stage.acks(world)))
    expected = {SessionId.of("P", number) for number in range(1, n + 1)}
    trouble = [] if codes == {0: n} else [f"they ended with {dict(codes)}"]
    trouble += [] if set(claims) == expected else [f"{len(claims)} numbers were claimed"]
    reused = sum(count - 1 for count in claims.values())
    verdict = Verdict("claims", 0, 0, reused=reused, problems=tuple(trouble))
    return report.total(f"race of {n} claims", 0, [verdict], time.monotonic() - began)


def _without_git(home: Home) -> Home:
    home.__dict__["post"] = cast(Post, Silent())
    return home


def _all_at_once(n: int, contest: Callable[[], int], crash: Path) -> Counter[int]:
    """Run `contest` in `n` processes that wait for one signal; return how often each exit status came."""
    gate, opener = os.pipe()

    def wait_and_run() -> int:
        os.close(opener)
        os.read(gate, 1)  # returns when the last writer is gone
        return contest()

    pids = [victims.spawn(wait_and_run, crash) for _ in range(n)]
    os.close(gate)
    os.close(opener)
    return Counter(victims.status_of(pid) for pid in pids)
