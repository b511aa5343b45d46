"""What a person has said of another host's branch: read it up to here, whatever rule it breaks.

    papers/trusts/thor/0a1b2c3d4e5f.json     BranchTrust; published, so everybody sees who said it, and why

Readers then judge the branch from that commit on. The word holds for this host alone, and as long as the hub's branch
stands on the commit; a clone that is made anew finds it again.
"""

from __future__ import annotations

import re
from datetime import datetime

from sage_edge import shell
from sage_edge.exchange import commands, papers, signatures
from sage_edge.exchange.branch_reader import tips
from sage_edge.exchange.commands import INCOMING, Clone
from sage_edge.exchange.errors import NotTrustable
from sage_edge.hints import sage
from sage_edge.names import HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.worklog import BranchTrust, Quarantine

_NAME = re.compile(r"[0-9a-f]{7,40}")

PEOPLE_MEND = {
    "undeclared-host": "declare it below fleet/hosts, or let the hub's administrator remove the branch",
    "removed-branch": "nothing stands there; it ends when the host publishes again",
    "unsound": "git itself refuses those objects; the hub's administrator has to remove them",
    "unrooted": "fleet/allowed_signers names a commit that the branch does not hold: mend the one that is wrong",
}
"""Rules that no word of a person ends, and what does."""


def word(clone: Clone, case: Quarantine | None, host: str, commit: str, because: str, now: datetime) -> BranchTrust:
    """Return the paper that ends a quarantine. Raises NotTrustable where no word can, or where this one would not."""
    if case is None:
        raise NotTrustable(host, "it is not in quarantine")
    if case.rule in PEOPLE_MEND:
        raise NotTrustable(host, f"{case.rule}: {case.detail}", hint=PEOPLE_MEND[case.rule])
    claimed = tips(clone).get(INCOMING + host, "")
    again = sage("exchange trust", host, case.commit[:12], because=because)
    oid = _commit(clone, commit)
    if oid is None or not signatures.is_below(clone, oid, claimed):
        raise NotTrustable(host, f"{commit!r:.50} is no commit of it", hint=again)
    if not signatures.is_below(clone, case.commit, oid):
        raise NotTrustable(host, f"it breaks {case.rule} behind {oid[:12]}", hint=again)
    return BranchTrust(
        author=clone.host,
        host=HostName(host),
        commit=oid,
        rule=case.rule,
        detail=case.detail,
        because=because,
        created=now,
    )


def _commit(clone: Clone, begun: str) -> str | None:
    """The commit that begins like this; None: there is none, or there are several."""
    if not _NAME.fullmatch(begun):
        return None
    result = shell.attempt(commands.commit_named(clone, begun))
    return result.text if result.code == 0 else None


def of(clone: Clone, host: str) -> tuple[BranchTrust, ...]:
    """Return what was said of a host's branch."""
    names = papers.names(clone.papers, f"{paper_paths.TRUSTS}/{host}")
    return tuple(parse(BranchTrust, (clone.papers / name).read_bytes()) for name in names)


def newest(clone: Clone, host: str, tip: str | None) -> str | None:
    """Return the last commit at or below a tip that a person trusts; None: there is none."""
    base: str | None = None
    for trust in of(clone, host) if tip else ():
        if signatures.is_below(clone, trust.commit, tip or "") and _is_ahead(clone, base, trust.commit):
            base = trust.commit
    return base


def further(clone: Clone, trusted: str | None, answered: str | None) -> str | None:
    """Return the one of two commits from which on a branch is judged: what a person said, unless more was verified."""
    return answered if answered and not (trusted and signatures.is_below(clone, answered, trusted)) else trusted


def _is_ahead(clone: Clone, base: str | None, commit: str) -> bool:
    return base is None or signatures.is_below(clone, base, commit)
