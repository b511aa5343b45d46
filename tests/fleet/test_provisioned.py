"""What `invoke provision` left on a host: people, places, what files hold, who may read them, what starts at boot."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from sage_edge.host.probe import SECRETS
from sage_edge.host.rights import few
from sage_edge.verify.provisioned import CARD, claims
from sage_edge.verify.wants import FactValue
from tests.fleet import asking

Rule = Callable[[FactValue], None]


def test_helper(host: Host, rule: Rule) -> None:
    ran = host.run("sha256sum /srv/sage/host/sage-host")
    rule(ran.stdout[:12] if ran.succeeded else None)


def test_group(host: Host, of: str, rule: Rule) -> None:
    group = host.group(of)
    rule(group.gid if group.exists else None)


def test_user(host: Host, of: str, rule: Rule) -> None:
    user = host.user(of)
    rule(f"{user.uid}:{user.gid}" if user.exists else None)


def test_groups(host: Host, of: str, rule: Rule) -> None:
    user = host.user(of)
    rule(frozenset(user.groups) if user.exists else None)


def test_place(host: Host, of: str, rule: Rule) -> None:
    rule(asking.rights(host, f"/{of}"))


def test_text(host: Host, of: str, rule: Rule) -> None:
    rule(asking.digest(host, f"/{of}"))


def test_card(host: Host, rule: Rule) -> None:
    rule(claims(asking.text(host, f"/{CARD}")))


def test_below(host: Host, rule: Rule) -> None:
    """What is another's, and what its owner may not read, write or enter; git and stores keep some files read-only."""
    state = "/srv/sage/state"
    listed = host.run(f"find {state} -mindepth 1 -printf '%y %m %U %P\\n'")
    entries = [line.split(" ", 3) for line in listed.stdout.splitlines()]
    owner = host.file(state).uid if listed.succeeded else None
    lacking = [name for kind, mode, uid, name in entries if int(uid) != owner or _lacks(kind, int(mode, 8), name)]
    rule(frozenset(few(lacking)) if listed.succeeded else None)


def _lacks(kind: str, mode: int, name: str) -> bool:
    final = {"objects", "blobs"} & set(name.split("/"))
    least = {"d": 0o700, "l": 0}.get(kind, 0o400 if final else 0o600)
    return bool(least & ~mode)


def test_secrets(host: Host, rule: Rule) -> None:
    places = " ".join(f"/{pattern}" for pattern in SECRETS)
    told = host.run(f"find -L {places} -maxdepth 0 -type f ! -name '*.pub' -perm -004 2>/dev/null").stdout
    rule(frozenset(line.removeprefix("/") for line in told.splitlines()))


def test_unit(host: Host, of: str, rule: Rule) -> None:
    rule("enabled" if host.service(of).is_enabled else "disabled")
