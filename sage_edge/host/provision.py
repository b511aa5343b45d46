"""Provision a board by typed steps: each looks first, and says whether it changed something.

    {"kind": "packages", "names": ["rsync"]}                    installed by apt, none removed
    {"kind": "group", "name": "sage-agent", "gid": 10001}
    {"kind": "user", "name": "sage-agent", "uid": 10001, "gid": 10001, "groups": ["video"]}
    {"kind": "folder", "path": "srv/sage/state", "uid": 10001, "gid": 10001, "mode": "0750", "below": true}
                                                                below: what lies in it is its owner's, too
    {"kind": "file", "path": "etc/sage/host.yaml", "text": "…", "uid": 0, "gid": 0, "mode": "0644"}
    {"kind": "unit", "name": "sage-release.service", "text": "…"}   starts at boot where it has an [Install] section
    {"kind": "service", "name": "docker"}                       started where it does not run
    {"kind": "sshd"}                                            only looked at; says what is too open
    {"kind": "service-again"}                                   a board that was retired is not so any more
    {"kind": "key", "path": "srv/sage/keys/exchange", "uid": 10001, "comment": "sprout", "branch": "sprout"}
                     made here, never leaves; with "renew": true another takes its place
    {"kind": "gateway", "path": "srv/sage/keys/serve", "uid": 10001, "gid": 10001, "names": ["thor", "127.0.0.1"]}
                     token, key and certificate of what is served (host.gateway_secrets); "renew" as above

A key's answer has its public half, and the last commit of the branch that the exchange has heard of: `public`, `tip`;
a gateway's has its certificate: `certificate`.

Paths lie below the root and in the few folders that are ours.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from sage_edge.host import durable, foreign_file, gateway_secrets, machine, retirement, rights
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.served_model import SERVER_CONTAINER

ProvisionRequest = Mapping[str, Any]
ProvisionResult = dict[str, Any]

OURS = ("srv/sage", "etc/sage", "etc/sudoers.d/sage-host", "etc/docker/daemon.json", "etc/ssh/sshd_config.d")
"""Where files and folders may be written."""

_REFS_BYTES = 1 << 20
_NAME = re.compile(r"[a-z][a-z0-9.+_-]{0,62}")
_UNIT = re.compile(r"sage-[a-z-]{1,40}\.(service|timer)")
_APT_S = 1200.0


def apply(places: Places, steps: Sequence[ProvisionRequest], log: Callable[[str], None]) -> list[ProvisionResult]:
    """Do every step, in order, and return what each did: {"step", "changed", …}.

    Raises Refusal at once; what was changed before is logged then, because nobody is told of it otherwise.
    """
    done: list[ProvisionResult] = []
    try:
        for step in steps:
            done.append(_done(places, step))
    except Refusal:
        for result in done:
            if result["changed"]:
                log(f"changed: {result['step']}")
        raise
    return done


def _done(places: Places, step: ProvisionRequest) -> ProvisionResult:
    """Do one step. Raises Refusal, whatever fails."""
    kind = str(step.get("kind"))
    if kind not in _KINDS:
        raise _bad_step(f"this helper cannot provision {kind!r:.40}")
    try:
        return {"step": _title(step), **_KINDS[kind](places, step)}
    except OSError as failed:
        where = str(failed.filename or step.get("path") or "")
        what = f"{_title(step)}: {failed.strerror or failed}{f': {where}' if where else ''}"
        look = f"on the board: ls -ld {where or '/srv/sage'}; once it is out of the way: "
        raise Refusal("step-failed", what, look, invoke("provision", host=HOST)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as unfit:
        raise _bad_step(f"{_title(step)}: what this step is given cannot be used: {unfit}") from None


def _title(step: ProvisionRequest) -> str:
    return f"{step['kind']} {step.get('name') or step.get('path') or ', '.join(step.get('names', ()))}"


def _packages(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001 - every kind has the same shape
    names = [_fit(str(name), _NAME, "a package name") for name in step["names"]]
    absent = [name for name in names if not _is_installed(name)]
    if absent:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        machine.require(("apt-get", "update", "-qq"), "apt-get update", timeout_s=_APT_S, env=quiet)
        machine.require(
            ("apt-get", "install", "-qq", "-y", "--no-install-recommends", *absent),
            f"installing {', '.join(absent)}",
            timeout_s=_APT_S,
            env=quiet,
        )
    return {"changed": bool(absent), "installed": absent}


def _is_installed(name: str) -> bool:
    ran = machine.run(("dpkg-query", "-W", "-f", "${db:Status-Status}", name))
    return ran.code == 0 and ran.out == "installed"


def _group(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001
    name = _fit(str(step["name"]), _NAME, "a group name")
    try:
        grp.getgrnam(name)
    except KeyError:
        machine.require(("groupadd", "--gid", str(int(step["gid"])), name), f"adding the group {name}")
        return {"changed": True}
    return {"changed": False}


def _user(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001
    name = _fit(str(step["name"]), _NAME, "a user name")
    changed = False
    try:
        pwd.getpwnam(name)
    except KeyError:
        ids = ("--uid", str(int(step["uid"])), "--gid", str(int(step["gid"])))
        machine.require(("useradd", *ids, "--shell", "/usr/sbin/nologin", "--no-create-home", name), f"adding {name}")
        changed = True
    for group in step.get("groups", ()):
        if name not in _members(str(group)):
            machine.require(
                ("usermod", "--append", "--groups", _fit(str(group), _NAME, "a group name"), name), "usermod"
            )
            changed = True
    return {"changed": changed}


def _members(group: str) -> list[str]:
    try:
        return grp.getgrnam(group).gr_mem
    except KeyError:
        add = f"on the board: sudo groupadd --system {_fit(group, _NAME, 'a group name')}; then "
        raise Refusal("no-group", f"this board has no group {group}", add, invoke("provision", host=HOST)) from None


def _folder(places: Places, step: ProvisionRequest) -> ProvisionResult:
    path = _ours(places, step["path"])
    fresh = not path.is_dir()
    path.mkdir(parents=True, exist_ok=True)
    changed = _own(path, step) or fresh
    below = (
        sum(_give(inner, step) for inner in rights.foreign_below(path, int(step["uid"]))) if step.get("below") else 0
    )
    return {"changed": changed or bool(below), "below": below}


def _give(path: Path, step: ProvisionRequest) -> int:
    """Make the owner able to use what lies in its folder."""
    os.chown(path, int(step["uid"]), int(step["gid"]), follow_symlinks=False)
    if not path.is_symlink():
        path.chmod(stat.S_IMODE(path.stat().st_mode) | rights.least(path))
    return 1


def _file(places: Places, step: ProvisionRequest) -> ProvisionResult:
    path, content = _ours(places, step["path"]), str(step["text"]).encode("utf-8")
    fresh = not path.is_file() or path.read_bytes() != content
    if fresh:
        if str(step["path"]).startswith("etc/sudoers.d/"):
            _require_valid_sudoers(content)
        durable.replace(path, content, int(str(step["mode"]), 8))
    return {"changed": _own(path, step) or fresh}


def _require_valid_sudoers(content: bytes) -> None:
    """A broken file below sudoers.d locks everybody out, so it is checked before it is there."""
    ran = machine.run(("visudo", "--check", "--quiet", "--file=-"), stdin=content)
    if ran.code != 0:
        raise Refusal(
            "bad-sudoers", f"visudo refuses the file: {ran.tail}", "nothing was written", code=ExitStatus.USAGE
        )


def _unit(places: Places, step: ProvisionRequest) -> ProvisionResult:
    name = _fit(str(step["name"]), _UNIT, "a unit of ours")
    path, content = places.root / "etc/systemd/system" / name, str(step["text"]).encode("utf-8")
    fresh = not path.is_file() or path.read_bytes() != content
    if fresh:
        durable.replace(path, content)
        machine.require(("systemctl", "daemon-reload"), "systemctl daemon-reload")
    enabled = machine.run(("systemctl", "is-enabled", "--quiet", name)).code == 0
    if not enabled:
        machine.require(("systemctl", "enable", "--quiet", name), f"enabling {name}")
    started = _start_timer(name, fresh) if name.endswith(".timer") else False
    return {"changed": fresh or not enabled or started}


def _start_timer(name: str, fresh: bool) -> bool:
    """Let a timer run from now on, by what its file says now; return whether it had to be started."""
    if not fresh and machine.run(("systemctl", "is-active", "--quiet", name)).code == 0:
        return False
    machine.require(("systemctl", "restart", name), f"starting {name}")
    return True


def _restart(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001
    """Start a service unless it runs."""
    name = _fit(str(step["name"]), re.compile(r"docker|ssh"), "docker or ssh")
    if machine.run(("systemctl", "is-active", "--quiet", name)).code == 0:
        return {"changed": False}
    machine.require(("systemctl", "restart", name), f"starting {name}", timeout_s=120)
    return {"changed": True}


_TOO_OPEN = {
    "passwordauthentication": ("yes", "passwords are accepted"),
    "permitrootlogin": ("yes", "root may come in with a password"),
    "permitemptypasswords": ("yes", "empty passwords are accepted"),
    "x11forwarding": ("yes", "X11 is forwarded"),
}


def _sshd(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001
    """What the running sshd allows and need not; a person decides, because this door is the only one."""
    ran = machine.run(("sshd", "-T"))
    if ran.code != 0:
        return {"changed": False, "open": [f"sshd's settings cannot be read: {ran.tail}"]}
    says = dict(line.partition(" ")[::2] for line in ran.out.splitlines())
    return {"changed": False, "open": [what for key, (bad, what) in _TOO_OPEN.items() if says.get(key) == bad]}


def _key(places: Places, step: ProvisionRequest) -> ProvisionResult:
    path = _ours(places, step["path"])
    public = path.with_name(f"{path.name}.pub")
    fresh = bool(step.get("renew")) or not path.is_file()
    if fresh:
        part = path.with_name(f"{path.name}.next")
        for left in (part, part.with_name(f"{part.name}.pub")):
            left.unlink(missing_ok=True)
        words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", str(step["comment"])[:60], "-f", str(part))
        machine.require(words, "making a key")
        _own(part, {**step, "mode": "0400"})
        public.unlink(missing_ok=True)  # it is the other key's; killed here, it is made again from this one
        part.replace(path)
        part.with_name(f"{part.name}.pub").replace(public)
        durable.sync_folder(path.parent)
    elif not public.is_file():
        durable.replace(public, machine.require(("ssh-keygen", "-y", "-f", str(path)), "reading the key").encode())
    changed = _own(path, {**step, "mode": "0400"}) or fresh
    tip = _published(places, str(step["branch"])) if step.get("branch") else None
    return {"changed": changed, "public": public.read_text("ascii").strip(), "tip": tip}


def _published(places: Places, host: str) -> str | None:
    """The last commit of a host's branch that the exchange has, as its clone here has heard; None: never heard."""
    clone, ref = places.state / "exchange.git", f"refs/incoming/{_fit(host, _NAME, 'a host')}"
    texts = []
    for path in (clone / ref, clone / "packed-refs"):
        with contextlib.suppress(OSError):  # it is the agent's: whatever lies there, nothing is waited for
            texts.append(foreign_file.read(path, _REFS_BYTES).content.decode("ascii", "replace"))
    heard = re.search(rf"^([0-9a-f]{{40}})(?: {re.escape(ref)})?$", "\n".join(texts), re.MULTILINE)
    return heard[1] if heard else None


def _gateway(places: Places, step: ProvisionRequest) -> ProvisionResult:
    """What runs with another token or certificate is started anew; where nothing runs, there is nothing to start."""
    folder = _ours(places, step["path"])
    fresh = gateway_secrets.complete(folder, [str(name) for name in step["names"]], renew=bool(step.get("renew")))
    owned = [_own(folder / name, {**step, "mode": "0400"}) for name in gateway_secrets.FILES]
    if fresh:
        machine.run(("docker", "restart", SERVER_CONTAINER), timeout_s=120)
    certificate = (folder / gateway_secrets.CERTIFICATE).read_text("ascii")
    return {"changed": fresh or any(owned), "certificate": certificate}


def _service_again(places: Places, step: ProvisionRequest) -> ProvisionResult:  # noqa: ARG001
    mark = retirement.lift(places)
    return {"changed": mark is not None, "retired": mark._asdict() if mark else None}


_KINDS: Mapping[str, Callable[[Places, ProvisionRequest], ProvisionResult]] = {
    "packages": _packages,
    "group": _group,
    "user": _user,
    "folder": _folder,
    "file": _file,
    "unit": _unit,
    "key": _key,
    "gateway": _gateway,
    "service": _restart,
    "sshd": _sshd,
    "service-again": _service_again,
}


def _own(path: Path, step: ProvisionRequest) -> bool:
    """Give a path its owner and mode; return whether they were others."""
    status = path.stat()
    uid, gid, mode = int(step.get("uid", 0)), int(step.get("gid", step.get("uid", 0))), int(str(step["mode"]), 8)
    changed = False
    if (status.st_uid, status.st_gid) != (uid, gid):
        os.chown(path, uid, gid)
        changed = True
    if stat.S_IMODE(status.st_mode) != mode:
        path.chmod(mode)
        changed = True
    return changed


def _ours(places: Places, content: object) -> Path:
    path = PurePosixPath(str(content))
    inside = any(path == PurePosixPath(ours) or PurePosixPath(ours) in path.parents for ours in OURS)
    if path.is_absolute() or ".." in path.parts or not inside:
        raise Refusal(
            "bad-path", f"expected a path below {', '.join(OURS)}, got {str(content)!r:.80}", code=ExitStatus.USAGE
        )
    return places.root / path


def _fit(text: str, grammar: re.Pattern[str], expected: str) -> str:
    if not grammar.fullmatch(text):
        raise _bad_step(f"expected {expected}, got {text!r:.60}")
    return text


def _bad_step(what: str) -> Refusal:
    return Refusal("bad-step", what, invoke("provision", host=HOST), code=ExitStatus.USAGE)
