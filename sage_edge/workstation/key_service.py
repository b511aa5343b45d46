"""Make, list, replace and withdraw the keys by which hosts and operators are known; `allowed_signers` is the outcome.

A board's key is made on the board and stays there; what comes here is its public half and the last commit that the hub
has of its branch. The file is written here, to be committed and deployed: until then nothing of it counts anywhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sage_edge import files, locks, shell
from sage_edge.deploy import provision
from sage_edge.errors import UsageError
from sage_edge.exchange.commit_key import make_key, public_half
from sage_edge.exchange.rules import BRANCHES
from sage_edge.hints import invoke, text
from sage_edge.inventory import signers
from sage_edge.inventory.signers import COMMITS, RELEASES, START, Signer
from sage_edge.names import HostName
from sage_edge.remote.ssh import config
from sage_edge.shell import Command
from sage_edge.workstation import hub_admission, operator_key
from sage_edge.workstation.context import FleetContext

Say = Callable[[str], None]

_WAIT_S = 30.0
_BATCH = ("-o", "BatchMode=yes")


def enrolled(here: FleetContext, host: HostName, say: Say) -> str:
    """List the key that a host has: from its last published commit on its commits count only when signed."""
    if _is_operator(here, host):
        return _operator(here, host, renew=not operator_key.path(here.fleet).is_file(), say=say)
    answer = _on_board(here, host, renew=False)
    return _listed(here, host, str(answer["public"]), str(answer["tip"] or START), say)


def rotated(here: FleetContext, host: HostName, say: Say) -> str:
    """Give a host a new key; the old one counts until the new one has signed."""
    return _renewed(here, host, None, say)


def _renewed(here: FleetContext, host: HostName, after: str | None, say: Say) -> str:
    """after: where its new key begins; None: behind what the board has published."""
    if _is_operator(here, host):
        return _operator(here, host, renew=True, say=say)
    answer = _on_board(here, host, renew=True)
    hub_admission.admit(here.fleet, here.fleet.addresses, host, str(answer["public"]), say)
    return _listed(here, host, str(answer["public"]), after or str(answer["tip"] or START), say)


def withdrawn(here: FleetContext, host: HostName, until: str, say: Say) -> str:
    """End every key of a host behind a commit, then give it a new one.

    until: the last that counts; empty: the last that is published. Raises UsageError where nobody can say that.
    """
    last = until or _published(here, host) or START
    _write(here, lambda content: signers.ended(content, host, last))
    say(f"its keys count up to {last[:12]}; whatever they signed behind it is not read any more, also where it was")
    return _renewed(here, host, last, say)  # not behind the tip: a thief's commit is passed over, and begins nothing


def closed(here: FleetContext, host: HostName, public: str, until: str, say: Say) -> None:
    """End every key of a host for good. public: its key, for a host without a line; empty where nobody knows it.

    until: as of `withdrawn`. What it has written up to there counts as before. Raises as `withdrawn`.
    """
    known = [signer for signer in here.fleet.signers if signer.host == host and COMMITS in signer.namespaces]
    if all(signer.until for signer in known) and (known or not public):
        return
    last = until or _published(here, host) or START

    def change(content: str) -> str:
        if known:
            return signers.ended(content, host, last)
        return signers.added(content, Signer(host, (COMMITS,), " ".join(public.split()[:2]), last, until=last))

    _write(here, change)
    where = "nothing of it counts" if last == START else f"what it wrote up to {last[:12]} counts, and nothing new"
    say(f"{here.fleet.addresses.name}/{signers.FILE}: of {host} {where}")


def introduced(here: FleetContext, host: HostName, answer: Mapping[str, Any], say: Say) -> None:
    """Say what a provisioned host's key counts for; a stand-in's is listed at once. answer: what the key's step did."""
    public = str(answer["public"])
    missing = state(here, host, public)
    if missing and here.fleet.overlay == "sim":
        _listed(here, host, public, str(answer["tip"] or START), say)
    elif missing:
        say(missing)


def state(here: FleetContext, host: HostName, public: str) -> str:
    """Return what is amiss with a host's key in words; empty when all is well."""
    known = [signer for signer in here.fleet.signers if signer.host == host and COMMITS in signer.namespaces]
    if not known:
        return f"nobody checks who writes as it; to have it checked: {_typed(here, 'key.enrol', host=host)}"
    if not any(signer.key == " ".join(public.split()[:2]) and signer.until is None for signer in known):
        return f"nobody expects its key, and nothing of it is read; a new one: {_typed(here, 'key.rotate', host=host)}"
    return ""


def _typed(here: FleetContext, task: str, **options: str | bool) -> str:
    return text(invoke(task, **options), here.surroundings)


def _is_operator(here: FleetContext, host: HostName) -> bool:
    return here.fleet.role_of(host).may("deploy")


def _on_board(here: FleetContext, host: HostName, *, renew: bool) -> Mapping[str, Any]:
    with here.board(host) as board:
        return board.provision([provision.key(here.fleet, host, renew=renew)])[0]


def _operator(here: FleetContext, host: HostName, *, renew: bool, say: Say) -> str:
    """List this workstation's own key, for its papers and for releases; what it replaces signs no later release."""
    path, counter = operator_key.path(here.fleet), here.checkout.counter()
    public = renewed_key(path, f"{host} of {here.fleet.name}") if renew else public_half(path)
    after = _published(here, host) or START
    key = Signer(host, (COMMITS, RELEASES), public, after, counters=(counter, None))
    _write(here, lambda content: signers.added(signers.counted_out(content, host, counter, but=key.key), key))
    say(f"its key is {path}; to let the boards know it: {_typed(here, 'provision', all=True)}")
    return key.fingerprint


def renewed_key(path: Path, comment: str) -> str:
    """Make a key pair and return its public half; one that is there steps aside, its name ending in `.old`."""
    files.make_folder(path.parent)
    public = path.with_name(f"{path.name}.pub")
    for old in (path, public):
        if old.exists():
            old.replace(old.with_name(f"{old.name}.old"))
    return make_key(path, comment)


def _listed(here: FleetContext, host: HostName, public: str, after: str, say: Say) -> str:
    key = Signer(host, (COMMITS,), " ".join(public.split()[:2]), after)
    _write(here, lambda content: signers.added(content, key))
    where = "from its first commit on" if after == START else f"behind {after[:12]}"
    say(f"{here.fleet.addresses.name}/{signers.FILE}: {host} signs {where}, by {key.fingerprint}")
    say(f"to bring it to every host: {_typed(here, 'deploy', all=True)}")
    return key.fingerprint


def _write(here: FleetContext, change: Callable[[str], str]) -> None:
    """Change allowed_signers, one after the other: hosts are worked on side by side."""
    with locks.hold(here.root / ".sage" / "signers.lock", signers.FILE, wait_s=_WAIT_S):
        folder = here.fleet.addresses
        files.write_atomic(folder / signers.FILE, change(signers.read(folder)).encode("ascii"))


def _published(here: FleetContext, host: HostName) -> str | None:
    """Return the last commit of a host's branch that the hub has; None where it has no such branch.

    Raises UsageError where the hub cannot be asked from here.
    """
    env = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": shlex.join((*config.ssh(here.fleet.addresses), *_BATCH))}
    asked = shell.attempt(Command(("git", "ls-remote", "--", here.fleet.remote, BRANCHES + host), _WAIT_S, env=env))
    if asked.code != 0:
        again = invoke("key.lost", host=host, until="COMMIT")
        what = f"the exchange cannot be asked from here what it has of {host}: {asked.complaint[-200:]}"
        raise UsageError(what, hint=("name the last commit that counts, or `start`: ", again))
    return asked.text.split()[0] if asked.text else None
