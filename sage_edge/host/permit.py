"""Check who released what a board is asked to run: beside each release lies a permit, signed by an operator's key.

/etc/sage/operators                     lines of allowed_signers (inventory/signers.py) for the namespace sage-release
/srv/sage/deploy/permits/<12 hex>.json  {"text": "…", "signature": "-----BEGIN SSH SIGNATURE-----\\n…"}

text    canonical JSON, over which the signature is:
    {"back": false, "counter": 1234, "expires": "2027-02-28T12:00:00.000Z", "files": "<64 hex>", "fleet": "sage",
     "format": 1, "host": "sprout", "release": "<64 hex>"}

files: digest over every file of the release (`digest_of`). counter: of the fleet's commits; a board takes none that is
older than that of the release which serves, unless the operator says `back`. expires: judged only by a clock that the
kernel calls kept, and on both sides: nobody signs for longer than `_LONGEST`. A board that knows no operator asks for
no permit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from sage_edge.host import clock, durable, machine, release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.release_store import Released

NAMESPACE = "sage-release"
MOST_BYTES = 100_000
_LONGEST = timedelta(days=91)  # deploy/release_signature signs for 90; a day for two clocks that are kept
_UNSIGNED = "unsigned: nobody has to sign what this board runs"
_GOOD = re.compile(r'Good "sage-release" signature for (\S+) with \S+ key (SHA256:\S+)')
_OPERATOR = re.compile(
    r'(\S+) namespaces="[a-z,-]+" (\S+ ([A-Za-z0-9+/=]+)) (after=\S+ (until=\S+ )?)counters=(\d+)-(\d*)'
)


class Permit(NamedTuple):
    """What an operator has signed, and when it ends: an ISO 8601 time in UTC."""

    release: str
    host: str
    fleet: str
    files: str
    counter: int
    expires: str
    back: bool


class Operator(NamedTuple):
    """One line of /etc/sage/operators. first, last: for which counters the key counts; last None: for all after.

    withdrawn: the key was lost or stolen; what it has signed may still be gone back to.
    """

    name: str
    key: str
    fingerprint: str
    first: int
    last: int | None
    withdrawn: bool


def operators(places: Places) -> tuple[Operator, ...]:
    """Return whose releases this board takes; nobody named: everybody's who may deploy at all."""
    path = places.root / "etc/sage/operators"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    matches = [_OPERATOR.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if None in matches:
        again = invoke("provision", host=HOST)
        raise Refusal("bad-operators", f"{path} holds a line that is none", again, code=ExitStatus.REFUSED)
    return tuple(
        Operator(m[1], m[2], _fingerprint(m[3]), int(m[6]), int(m[7]) if m[7] else None, bool(m[5]))
        for m in matches
        if m
    )


def _fingerprint(body: str) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(body)).digest()).decode().rstrip("=")


def admit(places: Places, released: Released, given: Mapping[str, str] | None, files: Mapping[str, str]) -> str:
    """Check that an operator released these files for this board, keep the permit, and return who it was, in words.

    given: text and signature. Raises Refusal, exit 3; then nothing was changed.
    """
    known = operators(places)
    if not known:
        return _UNSIGNED
    if given is None:
        raise _unsigned(released.short)
    kept = {key: str(given[key]) for key in ("text", "signature")}
    encoded = {name: text.encode("utf-8") for name, text in files.items()}
    permit, operator = _signed(places, released, kept, known, encoded)
    _require_fresh(places, released, permit, operator)
    durable.replace(_path(places, released.short), durable.canonical(kept))
    return f"signed by {operator.name}, counter {permit.counter}"


def require(places: Places, released: Released, *, served: bool) -> str:
    """Check a release that lies here before it is switched to, and return who released it, in words.

    served: it has served here before and is gone back to; then it may be older, expired, or from before there were
    permits. Raises Refusal, exit 3; then nothing was changed.
    """
    known = operators(places)
    if not known or (served and not _path(places, released.short).is_file()):
        return _UNSIGNED
    permit, operator = _signed(places, released, _kept(places, released.short), known, written(places, released.short))
    if not served:
        _require_fresh(places, released, permit, operator)
    return f"signed by {operator.name}, counter {permit.counter}"


def _require_fresh(places: Places, released: Released, permit: Permit, operator: Operator) -> None:
    if operator.withdrawn:
        raise _refused("foreign-permit", f"{released.short} is signed by a key of {operator.name} that was withdrawn")
    serving = counter_of(places)
    if permit.counter < serving and not permit.back:
        raise Refusal(
            "older-release",
            f"{released.short} has the counter {permit.counter}, and what serves has {serving}: it is older",
            "bring this checkout up to date, or mean it: ",
            invoke("deploy", host=HOST, rollback=True),
            code=ExitStatus.REFUSED,
        )
    if not clock.is_kept():
        return
    left = datetime.fromisoformat(permit.expires.replace("Z", "+00:00")) - datetime.now(timezone.utc)
    if left < timedelta(0):
        raise _refused("expired-permit", f"the permit of {released.short} has expired: {permit.expires}")
    if left > _LONGEST:
        raise Refusal(
            "permit-ahead",
            f"the permit of {released.short} is good until {permit.expires}: the clock of whoever signed it is ahead",
            "set that clock, then: ",
            invoke("deploy", host=HOST),
            code=ExitStatus.REFUSED,
        )


def counter_of(places: Places) -> int:
    """Return the counter of the release that serves; 0 where it has no permit."""
    current = release_store.current(places)
    try:
        return _parsed(str(_kept(places, current)["text"])).counter if current else 0
    except Refusal:
        return 0


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return one digest over names and bytes of a release's files: sha256 over `name NUL sha256 LF`, sorted."""
    lines = (f"{name}\0{hashlib.sha256(content).hexdigest()}\n" for name, content in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def written(places: Places, short: str) -> dict[str, bytes]:
    """Return the files of a release that lies here; what else begins with a dot is not of the release."""
    folder = places.releases / short
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    plain = {name: path for name, path in files.items() if name == ".env" or not path.name.startswith(".")}
    return {name: path.read_bytes() for name, path in plain.items()}


def _path(places: Places, short: str) -> Path:
    return places.base / "deploy/permits" / f"{short}.json"


def _kept(places: Places, short: str) -> Mapping[str, str]:
    path = _path(places, short)
    if not path.is_file():
        raise _unsigned(short)
    try:
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
        kept = json.loads(content)
        return {"text": str(kept["text"]), "signature": str(kept["signature"])}
    except (ValueError, KeyError, TypeError):
        raise _refused("bad-permit", f"{path} is no permit") from None


def _signed(
    places: Places,
    released: Released,
    kept: Mapping[str, str],
    known: tuple[Operator, ...],
    files: Mapping[str, bytes],
) -> tuple[Permit, Operator]:
    """Return what was signed for this release on this board, and by whom. Raises Refusal."""
    ran = _verified(places, released.short, kept, known)
    good = _GOOD.match(ran.out) if ran.code == 0 else None
    signer = next((who for who in known if good and (who.name, who.fingerprint) == good.groups()), None)
    if signer is None:
        raise _refused("foreign-permit", f"no operator that this board knows has signed {released.short}")
    permit = _parsed(kept["text"])
    host, fleet = (_of_card(places, key) for key in ("host", "fleet"))
    wrong = [
        what
        for what, is_so in (
            ("for another release", permit.release != released.id),
            (f"for {permit.host}", permit.host != released.host or host not in ("", permit.host)),
            (f"for the fleet {permit.fleet}", fleet not in ("", permit.fleet)),
            ("over other files than these", permit.files != digest_of(files)),
            (f"by a key that does not count for {permit.counter}", not _counts(signer, permit.counter)),
        )
        if is_so
    ]
    if wrong:
        raise _refused("other-permit", f"the permit of {released.short} is {', '.join(wrong)}")
    return permit, signer


def _verified(places: Places, short: str, kept: Mapping[str, str], known: tuple[Operator, ...]) -> machine.Ran:
    folder = places.base / "deploy/permits"
    allowed, signature = folder / f".{short}.operators", folder / f".{short}.signature"
    try:
        durable.replace(allowed, "".join(f'{o.name} namespaces="{NAMESPACE}" {o.key}\n' for o in known).encode())
        durable.replace(signature, kept["signature"].encode())
        for name in dict.fromkeys(operator.name for operator in known):
            words = ("-Y", "verify", "-f", str(allowed), "-I", name, "-n", NAMESPACE, "-s", str(signature))
            ran = machine.run(("ssh-keygen", *words), stdin=kept["text"].encode())
            if ran.code in (0, machine.NOT_THERE):
                break
    finally:
        for path in (allowed, signature):
            path.unlink(missing_ok=True)
    if ran.code == machine.NOT_THERE:
        what = "this board has no ssh-keygen, so it cannot tell whose release this is"
        hint = ("this installs openssh-client: ", invoke("provision", host=HOST))
        raise Refusal("no-ssh-keygen", what, *hint, code=ExitStatus.REFUSED)
    return ran


def _parsed(text: str) -> Permit:
    try:
        document = json.loads(text)
        permit = Permit(**{key: document[key] for key in Permit._fields})
        datetime.fromisoformat(permit.expires.replace("Z", "+00:00"))
        fits = document["format"] == 1 and type(permit.counter) is int and type(permit.back) is bool
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise _refused("bad-permit", "what was signed is no permit")
    return permit


def _counts(operator: Operator, counter: int) -> bool:
    return operator.first <= counter and (operator.last is None or counter <= operator.last)


def _of_card(places: Places, key: str) -> str:
    """What this board's card says of itself; empty where it says nothing."""
    text = places.card.read_text("utf-8") if places.card.is_file() else ""
    named = re.search(rf"^{key}: *(\S+) *$", text, re.MULTILINE)
    return named[1] if named else ""


def _unsigned(short: str) -> Refusal:
    return _refused("unsigned-release", f"nobody has signed {short}, and this board takes only what an operator signs")


def _refused(kind: str, what: str) -> Refusal:
    return Refusal(
        kind,
        what,
        "deploy from a workstation that has an operator's key, or let the board know whose it is: ",
        invoke("provision", host=HOST),
        code=ExitStatus.REFUSED,
    )
