"""The researcher's theories over a real hub: entered once, tested again when the evidence has doubled. Doubles only of
engine and clock.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from sage_edge.agent import wake
from sage_edge.analysis.theories import declarations, in_words, papers, tested_claims, versions
from sage_edge.names import Slug
from sage_edge.records.theory import Theory
from tests.fakes import HandClock, Home

Make = Callable[..., Home]
COUPLING = Slug("d5-d9-coupling")


def newest(home: Home) -> Mapping[Slug, Theory]:
    return versions.newest(papers.published(home.post, home.me.fleet))


@pytest.mark.slow  # eight wakes of two hosts, each with a hub
def test_theories_are_entered_once_and_tested_again_when_the_evidence_has_doubled(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested_claims, "FEWEST", 2)
    numbers, examined = [], []
    for _ in range(4):
        for host in ("sprout", "thor"):
            woken = wake.once(home(host).agent)
            assert (woken.failure, woken.problems) == (None, []), host
        known = newest(home("thor"))
        assert set(known) == set(declarations.load(home("thor").agent.paths.fleet))
        numbers.append(known[COUPLING].version)
        examined.append(known[COUPLING].sessions)
        watch.wait(timedelta(hours=6).total_seconds(), home().stop)
    assert numbers[0] == 1
    assert numbers == sorted(numbers)
    assert 2 <= numbers[-1] < 4, "not at every wake"
    assert all(later >= 2 * earlier for earlier, later in pairwise(examined) if earlier != later)
    last = newest(home("thor"))[COUPLING]
    assert [(evidence.host, evidence.mind, evidence.verdict) for evidence in last.evidence] == [
        ("sprout", "Sage", "cannot-tell")
    ]
    assert not wake.once(home("thor").agent).problems
    assert newest(home("thor"))[COUPLING] == last
    wake.once(home().agent)
    ((_, page),) = home().post.read(home("thor").me.host.name, "LATEST_STATUS.md")
    assert page.decode() == in_words.page(newest(home("thor")).values(), "thor")
    assert newest(home())[COUPLING] == last, "the practitioner reads it on the researcher's branch"


def test_claims_wait_until_the_evidence_has_doubled() -> None:
    asked = [(7, 0), (8, 0), (15, 8), (16, 8), (900, 451)]
    assert [tested_claims.is_due(*counts) for counts in asked] == [False, True, False, True, False]


def test_a_wake_loads_nothing_of_theories_before_something_is_studied() -> None:
    script = (
        "import sys, sage_edge.agent.wake; "
        "print([name for name in sys.modules if name.startswith(('sage_edge.analysis.theories', "
        "'sage_edge.analysis.claims', 'numpy'))])"
    )
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
