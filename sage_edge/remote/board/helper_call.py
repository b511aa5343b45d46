"""One call of a board's helper: `sage-host VERB` over an open connection, JSON in, JSON out.

What the helper refuses becomes an error of `remote.errors` with the same exit code, its next step as a value; an answer
that is none says which of the ways in is blocked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sage_edge import sanitize
from sage_edge.errors import Unreachable
from sage_edge.hints import Hint, NextCommand, invoke
from sage_edge.names import HostName
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.errors import (
    BoardGuarded,
    BoardLocked,
    BoardRefused,
    BoardUsage,
    DeployError,
    HelperOutdated,
    NotReady,
    RollbackFailed,
    RolledBack,
)
from sage_edge.remote.ssh.client import Remote
from sage_edge.shell import Result

HelperReply = Mapping[str, Any]

_NOT_THERE = 127
_REFUSALS = {int(kind.code): kind for kind in (BoardUsage, BoardGuarded, BoardLocked, RolledBack, RollbackFailed)}


def ask(
    remote: Remote,
    verb: str,
    request: Mapping[str, Any],
    *,
    timeout_s: float,
    as_root: bool = True,
    hear: Callable[[str], None] = lambda _: None,
) -> HelperReply:
    """Return what the helper answers to a verb. as_root: else as the login; hear: gets its lines of progress.

    Raises NotReady without a helper, HelperOutdated with that of another checkout, BoardRefused, Unreachable.
    """
    ran = call(remote, verb, request, timeout_s=timeout_s, as_root=as_root, hear=hear)
    return understood(remote.address.host, ran)


def call(
    remote: Remote,
    verb: str,
    request: Mapping[str, Any],
    *,
    timeout_s: float,
    as_root: bool = True,
    hear: Callable[[str], None] = lambda _: None,
) -> Result:
    """Return how a call ended, for `understood`. The arguments: as of `ask`. Raises Unreachable."""
    words = (helper_zipapp.AS_ROOT if as_root else helper_zipapp.AS_LOGIN, *helper_zipapp.CALL, verb)
    return remote.run(*words, stdin=json.dumps(request).encode(), timeout_s=timeout_s, hear=hear)


def understood(host: HostName, ran: Result, *, of_any_helper: bool = False) -> HelperReply:
    """Return the result that a call printed; raises as `ask` does. of_any_helper: also that of another checkout's."""
    answers = [answer for line in ran.out.split(b"\n") if (answer := _answer(line))]
    if not answers:
        raise blocked_error(host, ran)
    helper, ok, reply, error = answers[-1]
    if not ok:
        raise _refusal(host, error)
    own = helper_zipapp.packed().short
    if helper != own and not of_any_helper:
        raise HelperOutdated(host, str(helper)[:60], own)
    return reply


def _answer(line: bytes) -> tuple[object, bool, HelperReply, Mapping[str, Any]] | None:
    """Read one line as (helper, ok, result, error): what a start file left running may print beside the answer."""
    try:
        document = json.loads(line)
        helper, ok = document["helper"], bool(document["ok"])
        return helper, ok, dict(document["result"] if ok else {}), dict({} if ok else document["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _refusal(host: HostName, error: Mapping[str, Any]) -> BoardRefused:
    code = error.get("code")
    kind = _REFUSALS.get(code, BoardRefused) if isinstance(code, int) else BoardRefused
    return kind(host, str(error.get("kind")), str(error.get("message")), read_hint(error.get("hint"), host))


def read_hint(content: object, host: HostName) -> Hint:
    """Return a helper's next step as a value, with the host's name where the helper left it open.

    An older helper sends one sentence, which stays as it is; what is no hint is left out.
    """
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return tuple(hint for part in parts if (hint := _read_part(part, host)) is not None)


def _read_part(part: object, host: HostName) -> str | NextCommand | None:
    if isinstance(part, str):
        return part
    try:
        program, words, options = part["program"], part["words"], part["options"]  # type: ignore[index]
        named = tuple((str(name), host if value is None else value) for name, value in options.items())
    except (KeyError, TypeError, AttributeError):
        return None
    if program != "invoke" or not all(isinstance(value, str | bool) for _, value in named):
        return None
    return NextCommand("invoke", tuple(map(str, words)), named)


def blocked_error(host: HostName, ran: Result) -> DeployError | Unreachable:
    """Return the error for an answer that is none: which of the ways in is blocked."""
    lines = ran.complaint.splitlines()
    tail = sanitize.one_line(lines[-1])[:300] if lines else f"exit {ran.code}"
    if ran.code == 124:
        return Unreachable(f"{host}: no answer in time", hint=("see what it does: ", invoke("status", host=host)))
    if ran.code == _NOT_THERE:
        return NotReady(host, f"a program is missing there: {tail}")
    if any(words in ran.complaint for words in ("can't open file", "can't find '__main__'")):
        return NotReady(host, "it has no helper yet")
    if any(line.startswith("sudo:") for line in lines):
        return NotReady(host, f"sudo refuses: {tail}", f"let the user run sudo without a password on {host}")
    return NotReady(host, f"its helper said nothing that can be read: {tail}")
