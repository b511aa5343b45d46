"""Bind a host's key at the hub: one line of authorized_keys, so that whoever holds the key is that host and no other.

    restrict,command="/srv/git/exchange.git/sage-hub sprout" ssh-ed25519 AAAA… sprout

Standard library only, Python 3.9 or later: `invoke provision` runs this very file on the hub, over the administrator's
ssh, as `python3 - admit LOGIN REPOSITORY HOST KEY`; it prints one JSON object, or one line on stderr and ends with 1.
`drop LOGIN REPOSITORY HOST [KEY]` (`invoke retire`) takes a host's keys away, and every use of the one that is named.
As root it becomes the login first: what lies below the login's own folder may be anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KEY = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]{3,60} [A-Za-z0-9+/]{20,4000}={0,3}")
_HOST = re.compile(r"[a-z][a-z0-9-]{0,31}")
_BOUND = re.compile(r'command="[^"]*sage-hub ([a-z][a-z0-9-]{0,31})"')
_GIT_SHELL = "git-shell"


@dataclass(frozen=True)
class Admission:
    """What authorized_keys says now. changed: it said something else before; unbound: keys that no host stands with."""

    text: str
    changed: bool
    unbound: int


def line(program: str, host: str, key: str) -> str:
    """Return the line that binds a key to a host. program: how the login's shell finds sage-hub there.

    Raises ValueError for what is no key or no host, and for a program that the file could not hold.
    """
    kind_and_body = " ".join(key.split()[:2])
    if not _KEY.fullmatch(kind_and_body):
        raise ValueError(f"expected a public key, got {key!r:.60}")
    if not _HOST.fullmatch(host):
        raise ValueError(f"expected the name of a host, got {host!r:.60}")
    if not program.isprintable() or any(c in program for c in '"\\'):
        raise ValueError(f"expected a path without quotes, got {program!r:.80}")
    return f'restrict,command="{shlex.quote(program)} {host}" {kind_and_body} {host}'


def admit(text: str, program: str, host: str, key: str) -> Admission:
    """Return authorized_keys with the host bound to this key alone: its older keys and other uses of this one go."""
    own = line(program, host, key)
    body = own.split()[-2]
    entries = text.splitlines()
    kept = [entry for entry in entries if not _is_of(entry, host, body)]
    place = next((n for n, entry in enumerate(entries) if _is_of(entry, host, body)), len(kept))
    kept.insert(min(place, len(kept)), own)
    return _outcome(text, kept)


def _outcome(before: str, kept: Sequence[str]) -> Admission:
    fresh = "".join(f"{entry}\n" for entry in kept)
    return Admission(fresh, fresh != before, sum(1 for entry in kept if _is_key(entry) and not _BOUND.search(entry)))


def drop(text: str, host: str, key: str = "") -> Admission:
    """Return authorized_keys without any key that is bound to a host. key: its public key, which goes as well."""
    if not _HOST.fullmatch(host):
        raise ValueError(f"expected the name of a host, got {host!r:.60}")
    body = ([*key.split(), "", ""])[1]
    entries = text.splitlines()
    kept = [entry for entry in entries if not _is_of(entry, host, body)]
    return _outcome(text, kept) if len(kept) < len(entries) else Admission(text, changed=False, unbound=0)


def _is_of(entry: str, host: str, body: str) -> bool:
    bound = _BOUND.search(entry)
    return _is_key(entry) and (body in entry.split() or (bound is not None and bound.group(1) == host))


def _is_key(entry: str) -> bool:
    return bool(entry.strip()) and not entry.lstrip().startswith("#")


def admit_here(login: str, repository: str, host: str, key: str) -> Admission:
    """Bind a host's key in a login's own authorized_keys on this machine. Raises OSError, ValueError, KeyError."""
    account = _become(login)
    program = str(Path(account.pw_dir, repository, "sage-hub"))
    if not os.access(program, os.X_OK):
        raise FileNotFoundError(f"{program} is not there; on the hub: sage-edge exchange init {repository}")
    if Path(account.pw_shell).name == _GIT_SHELL:
        program = _for_git_shell(Path(account.pw_dir), program)
    return _changed(account, lambda before: admit(before, program, host, key))


def drop_here(login: str, host: str, key: str = "") -> Admission:
    """Take a host's keys away from a login's own authorized_keys on this machine. Raises as `admit_here`."""
    return _changed(_become(login), lambda before: drop(before, host, key))


def _become(login: str) -> pwd.struct_passwd:
    account = pwd.getpwnam(login)
    if os.geteuid() == 0 and account.pw_uid != 0:
        os.initgroups(login, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    if os.geteuid() != account.pw_uid:
        raise PermissionError(f"only root or {login} may write {login}'s authorized_keys")
    return account


def _changed(account: pwd.struct_passwd, change: Callable[[str], Admission]) -> Admission:
    gate = Path(account.pw_dir) / ".ssh" / "authorized_keys"
    outcome = change(gate.read_text("utf-8") if gate.is_file() else "")
    if outcome.changed:
        gate.parent.mkdir(mode=0o700, exist_ok=True)
        _replace(gate, outcome.text)
    return outcome


def _for_git_shell(home: Path, program: str) -> str:
    """git-shell runs nothing but what lies in a folder of the login's own, by a name without a slash."""
    commands = home / "git-shell-commands"
    commands.mkdir(mode=0o755, exist_ok=True)
    link = commands / "sage-hub"
    if not (link.is_symlink() and str(link.readlink()) == program):
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(program)
    return "sage-hub"


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".authorized_keys-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(path)


_VERBS: Mapping[str, Callable[..., Admission]] = {
    "admit": admit_here,
    "drop": lambda login, _, host, key="": drop_here(login, host, key),
}


def main(words: Sequence[str]) -> int:
    """Do it and say so."""
    try:
        verb, login, repository, host, *keys = words
        done = _VERBS[verb](login, repository, host, *keys)
    except (OSError, ValueError, KeyError, TypeError) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(json.dumps({"changed": done.changed, "unbound": done.unbound}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
