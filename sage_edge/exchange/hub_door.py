"""Why the hub was not reached or did not let us in: the side that spoke, its file or key, and what mends it.

Over ssh a second look (`hub_look`) tells the sides apart. Whatever only a person can mend is HubRefused; what may pass
by itself, and everything that nobody recognises, is Unreachable: that is tried again and loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sage_edge import ssh_refusals
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.exchange import hub_look
from sage_edge.exchange.hub_look import GitService, HubLook
from sage_edge.hints import Hint, invoke, quoted, sage
from sage_edge.names import HostName
from sage_edge.shell import Result
from sage_edge.ssh_refusals import SshSides

HubLooker = Callable[[str, GitService], "HubLook | None"]

_TIMED_OUT = 124
_PROVISIONED = ("host-unknown", "host-changed", "host-revoked", "no-key")
"""What a board has from `invoke provision`: the hub's key, and its own."""

_QUOTED = 300
_PLAIN = re.compile(r"^ssh: (?:Could not resolve hostname|connect to host) .*", re.MULTILINE)
_REFUSED = re.compile(
    r"Permission denied|[Aa]ccess denied|Authentication failed|Host key verification failed|dubious ownership"
    r"|terminal prompts disabled|not authorized|insufficient permission|error: 40[13]|SSL certificate problem"
)
_NOWHERE = re.compile(r"does not appear to be a git repository|not a git repository")
_DUBIOUS = re.compile(r"detected dubious ownership in repository at '([^']*)'")
_WAITING = "nothing is lost: papers wait on this host and leave with the next publish"


@dataclass(frozen=True)
class HubCaller:
    """Who asked the hub at which address. host: None where no card says who this machine is."""

    remote: str
    host: HostName | None

    @property
    def name(self) -> str:
        """Who it is, for people."""
        return self.host or "this machine"


def why(
    caller: HubCaller, result: Result, service: GitService, look: HubLooker = hub_look.look
) -> HubRefused | Unreachable:
    """Return what it means that git did not get through. look: the second look at a hub over ssh."""
    if result.code == _TIMED_OUT:
        return _unreachable(caller, result.complaint)
    plain = _PLAIN.search(result.complaint)
    seen = None if plain else look(caller.remote, service)
    if seen is None or seen.stop is None:
        return _by_words(caller, result)
    if seen.stop.at == "inside":
        return _inside(caller, result, seen)
    if seen.stop.at in ssh_refusals.PASSING:
        return _unreachable(caller, seen.stop.words, f"{ssh_refusals.PASSING[seen.stop.at]}; {_WAITING}")
    sides = SshSides("the hub", hub_look.pinned_in(), "GIT_SSH_COMMAND")
    sentence, step = ssh_refusals.refusal(seen.stop, sides)
    on_a_board: Hint = (f"{step}; on a board: ", invoke("provision", host=caller.host or "HOST"))
    hint = on_a_board if seen.stop.at in _PROVISIONED else step
    if seen.stop.at == "account" and seen.complaint:
        sentence += f"; it says: {seen.complaint[-_QUOTED:]}"
    return HubRefused(f"{caller.remote}: {sentence}", hint=hint)


def _by_words(caller: HubCaller, result: Result) -> HubRefused | Unreachable:
    line = next((line for line in result.complaint.splitlines() if _REFUSED.search(line)), "")
    if not line:
        return _unreachable(caller, _spoken(result))
    if _DUBIOUS.search(line):
        return _of_another(caller, line)
    return HubRefused(
        f"{caller.remote} does not let {caller.name} in: {line}", hint="give this host its key on the hub"
    )


def _inside(caller: HubCaller, result: Result, seen: HubLook) -> HubRefused | Unreachable:
    """Judge what the hub's own account and git said, once ssh had let us in."""
    if seen.chatter and seen.answered:
        return _talks(caller, seen)
    if seen.answered:
        return _by_words(caller, result)
    if _DUBIOUS.search(seen.complaint):
        return _of_another(caller, seen.complaint)
    if _NOWHERE.search(seen.complaint):
        return HubRefused(
            f"{_account(seen)} holds no hub at the path of {caller.remote}: {seen.complaint[-_QUOTED:]}",
            hint=("mend `exchange` in fleet/fleet.yaml, or make it on the hub: ", sage("exchange init", "FOLDER")),
        )
    if seen.code is None:
        return _unreachable(caller, f"the connection ended while the hub answered: {_spoken(result)}")
    words = " / ".join(part for part in (seen.chatter, seen.complaint[-_QUOTED:]) if part) or "nothing"
    return HubRefused(
        f"{_account(seen)} lets {caller.name} in and does not run git: it ends with {seen.code} and says: {words}",
        hint="on the hub, see that account's login shell, its `command=` in authorized_keys, and whether git is there",
    )


def _account(seen: HubLook) -> str:
    return f"the hub's account {seen.stop.user}@{seen.stop.host}" if seen.stop else "the hub's account"


def _talks(caller: HubCaller, seen: HubLook) -> HubRefused:
    return HubRefused(
        f"the login shell of {_account(seen)} prints before git can answer {caller.name}: {seen.chatter}",
        hint="let that account print nothing without a terminal: on the hub, see .bashrc, .profile, .zshenv and "
        ".ssh/rc in its home folder, and `command=` in authorized_keys",
    )


def _of_another(caller: HubCaller, line: str) -> HubRefused:
    place = _DUBIOUS.search(line)
    folder = quoted(place[1] if place else "FOLDER")
    return HubRefused(
        f"git on the hub does not serve {caller.remote}: its folder belongs to another user than the account there",
        hint=f"on the hub, as root: chown -R ACCOUNT {folder}, or as the account: "
        f"git config --global --add safe.directory {folder}",
    )


def _unreachable(caller: HubCaller, words: str, hint: Hint = _WAITING) -> Unreachable:
    return Unreachable(f"{caller.remote} does not answer: {words}", hint=hint)


def _spoken(result: Result) -> str:
    lines = result.complaint.splitlines()
    return next(
        (line for line in lines if line.startswith(("fatal:", "ssh:", "error:"))), lines[0] if lines else "no word"
    )
