"""The own branch against what the hub calls by its name: what of it is not ours, and the one commit that ends it.

The hub only ever goes forward, so nothing is taken away there. A repair (repairs.py) stands behind the foreign commits,
and its tree is papers/ again. Work goes on all the while: papers are kept, committed and wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sage_edge import shell
from sage_edge.exchange import commands, git_errors, inspection, papers, publish, repository, restore, rules, signatures
from sage_edge.exchange.branch_reader import git_of, here, tips
from sage_edge.exchange.commands import FOREIGN, INCOMING, Clone
from sage_edge.exchange.commit_key import Signing
from sage_edge.exchange.errors import ForeignCommits, RepairUndecided
from sage_edge.exchange.repairs import ForeignRange
from sage_edge.names import Slug
from sage_edge.records.worklog import Repair

Whose = Literal["", "own", "foreign"]
"""What a person says of commits that break no rule; empty: nobody said."""


@dataclass(frozen=True)
class StrangeTip:
    """A hub's branch that does not lead to ours.

    ours: the own branch; base: the newest commit that both have; good: the last that breaks no rule, at or behind base.
    breach: what the next one breaks; None: none of them breaks any. count: the commits behind base.
    """

    tip: str
    ours: str | None
    base: str | None
    good: str | None
    breach: rules.Breach | None
    count: int

    def error(self, host: str) -> ForeignCommits:
        """Return what there is to say about it."""
        if self.breach is None:
            what = f"they break no rule (the newest is {self.tip[:12]})"
        else:
            what = f"{self.breach.rule}: {self.breach.detail} (commit {self.breach.commit[:12]})"
        return ForeignCommits(host, self.count, what)


@dataclass(frozen=True)
class Repaired:
    """What a repair did. kept: how many commits were ours after all; passed_over: how many are not read any more."""

    kept: int = 0
    passed_over: int = 0
    commit: str | None = None


def strange(clone: Clone, folders: rules.Folders, signing: Signing) -> StrangeTip | None:
    """Return what the hub's branch of this host holds that is not ours; None: nothing. Needs no hub."""
    refs = tips(clone)
    ours, tip = refs.get(clone.own), refs.get(INCOMING + clone.host)
    if tip is None:
        return None
    if ours and signatures.is_below(clone, tip, ours):
        return _withdrawn(clone, signing, ours, tip)
    base = _merge_base(clone, ours, tip) if ours else None
    breach, good = _lawful(clone, folders, signing, base, tip)
    if ours is None and breach is None:
        return None  # a state that was lost, and is taken back
    count = len(here(clone, commands.revisions(clone, base or "", tip)).text.split())
    return StrangeTip(tip, ours, base, good, breach, count)


def _withdrawn(clone: Clone, signing: Signing, ours: str, tip: str) -> StrangeTip | None:
    """Return what of our own published commits nobody reads any more, because their key was withdrawn."""
    verdict = signatures.judge(clone, clone.host, signing.of(clone.host), tip)
    signatures.remember(clone, clone.host, verdict)
    if verdict.breach is None or verdict.breach.rule not in signatures.OF_ONE_COMMIT:
        return None
    count = len(here(clone, commands.revisions(clone, verdict.good or "", tip)).text.split())
    return StrangeTip(tip, ours, verdict.good, verdict.good, verdict.breach, count)


def keep_aside(clone: Clone, tip: str) -> None:
    """Let the clone keep foreign commits, whatever becomes of the hub."""
    here(clone, commands.set_ref(clone, f"{FOREIGN}{tip[:12]}", tip))


def repair(
    clone: Clone, folders: rules.Folders, signing: Signing, seen: StrangeTip, because: str, whose: Whose, at: datetime
) -> Repaired:
    """Take back what is ours, pass over what is not, and let the own branch stand on the hub's. Needs no hub.

    Raises RepairUndecided, OwnBranchBroken for papers that contradict each other, KeyUnusable, StorageError.
    """
    keep_aside(clone, seen.tip)
    base = seen.good if _is_ours(clone, signing, seen, whose) else seen.base
    with papers.writing(clone.papers, clone.locks):
        papers.tidy(clone.papers)
        if base != seen.base and base is not None:
            restore.restore(clone, base)
        done = Repaired() if base == seen.tip else _pass_over(clone, folders, signing, seen, base, because, at)
    repository.note_known(clone)
    return Repaired(seen.count - done.passed_over, done.passed_over, done.commit)


def _is_ours(clone: Clone, signing: Signing, seen: StrangeTip, whose: Whose) -> bool:
    """Whether the commits that break no rule are this host's: its signature says so, or else a person."""
    if seen.good == seen.base:
        return False
    if whose or seen.ours is None or signing.of(clone.host):
        return whose != "foreign"
    first = here(clone, commands.revisions(clone, seen.base or "", seen.tip)).text.split()[0]
    raise RepairUndecided(clone.host, seen.count, first)


def _pass_over(
    clone: Clone,
    folders: rules.Folders,
    signing: Signing,
    seen: StrangeTip,
    base: str | None,
    because: str,
    at: datetime,
) -> Repaired:
    count = len(here(clone, commands.revisions(clone, base or "", seen.tip)).text.split())
    foreign = ForeignRange(base, seen.tip)
    record = Repair(
        author=clone.host,
        good=base,
        foreign=seen.tip,
        commits=count,
        rule=Slug(seen.breach.rule) if seen.breach else None,
        because=because,
        created=at,
    ).pretty()
    publish.stage(clone)
    publish.require_lawful(clone, folders.get(clone.host, frozenset()), here(clone, commands.staged(clone, base)).out)
    oid = here(clone, commands.keep_blob(clone, record)).text
    here(clone, commands.stage_blob(clone, foreign.record, oid))
    tree = here(clone, commands.write_tree(clone)).text
    summary = f"{count} foreign, passed over: {because}"
    words = signing.words(clone.host)
    commit = here(clone, commands.commit_repair(clone, tree, foreign, summary, at, words)).text
    # killed here, the record comes back with the next publish
    here(clone, commands.set_ref(clone, clone.own, commit))
    restore.bring_back_records(clone, commit)
    return Repaired(passed_over=count, commit=commit)


def _lawful(
    clone: Clone, folders: rules.Folders, signing: Signing, base: str | None, tip: str
) -> tuple[rules.Breach | None, str | None]:
    """The first breach behind `base`, and the last commit before it."""
    breaches = inspection.inspect(git_of(clone), clone.host, folders, base, tip)
    verdict = signatures.judge(clone, clone.host, signing.of(clone.host), tip)
    if not breaches:
        return verdict.breach, verdict.good if verdict.breach else tip
    good = _before(clone, base, breaches[0].commit)
    earlier = _not_before(clone, base, verdict.good)
    if verdict.breach and earlier != good and (earlier is None or (good and signatures.is_below(clone, earlier, good))):
        return verdict.breach, earlier
    return breaches[0], good


def _before(clone: Clone, base: str | None, commit: str) -> str | None:
    """The commit before one that breaks a rule, or `base`."""
    lines = here(clone, commands.contents(clone, [commit])).out.partition(b"\n\n")[0].split(b"\n")
    parents = [line[7:].decode("ascii") for line in lines if line.startswith(b"parent ")]
    return _not_before(clone, base, parents[0] if parents else None)


def _not_before(clone: Clone, base: str | None, commit: str | None) -> str | None:
    """A commit, or `base` where it does not stand on that."""
    return commit if commit and (base is None or signatures.is_below(clone, base, commit)) else base


def _merge_base(clone: Clone, ours: str, theirs: str) -> str | None:
    command = commands.merge_base(clone, ours, theirs)
    result = shell.attempt(command)
    if result.code not in (0, 1):
        raise git_errors.failed_here(clone, command, result)
    return result.text.split()[0] if result.code == 0 and result.text else None
