"""Ask a board and change it, through its helper, over one open connection.

Two types, so that a dry run cannot write: `BoardView` has questions only, `BoardClient` adds what changes something.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from sage_edge.hints import invoke
from sage_edge.names import HostName
from sage_edge.remote.board import client_identity, helper_call, helper_zipapp
from sage_edge.remote.board import probe as facts
from sage_edge.remote.board.helper_call import HelperReply
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import BoardLocked, DeployError
from sage_edge.remote.ssh.client import Remote
from sage_edge.shell import Result

_QUICK_S, _SERVED_S, _PIECE_S, _SLOW_S = 30.0, 180.0, 600.0, 3 * 3600.0


class BoardView:
    """A board that can be looked at.

    hear: gets its helper's lines of progress as they come.
    """

    def __init__(self, remote: Remote, hear: Callable[[str], None] = lambda _: None) -> None:
        self._remote, self._hear = remote, hear
        self._early: tuple[Result, float] | None = None
        self.host: HostName = remote.address.host

    def ask_early(self) -> None:
        """Probe the board now; the next `facts` takes this answer. Raises Unreachable."""
        self._early = self._probed()

    def facts(self, *, of_any_helper: bool = False) -> BoardProbe:
        """Return what is so on the board. Raises NotReady without a helper, HelperOutdated with another one.

        of_any_helper: read the answer of an older one, too, as far as it goes; `BoardProbe.helper` says which it was.
        """
        (ran, at), self._early = self._early or self._probed(), None
        return facts.parse(self.host, helper_call.understood(self.host, ran, of_any_helper=of_any_helper), at)

    def _probed(self) -> tuple[Result, float]:
        """How the call ended, and when it was asked: seconds since 1970."""
        asked = time.time()
        ran = helper_call.call(self._remote, "probe", {}, timeout_s=_QUICK_S, hear=self._hear)
        return ran, (asked + time.time()) / 2

    def releases(self) -> HelperReply:
        """The releases on the board, which one serves, and which have served."""
        return self._ask("releases", {}, _QUICK_S)

    def texts(self, release: str) -> Mapping[str, str]:
        """The files of a release, path → text. Raises BoardUsage when the board does not have it."""
        texts = self._ask("texts", {"release": release}, _QUICK_S)["texts"]
        return {str(name): str(text) for name, text in dict(texts).items()}

    def rollback_target(self, to: str | None) -> HelperReply:
        """To which release a rollback goes, its image, and whether that is there. Raises BoardUsage for none."""
        return self._ask("rollback-target", {"to": to}, _QUICK_S)

    def surplus(self) -> HelperReply:
        """The releases and images that nothing needs any more, and how many bytes the images hold."""
        return self._ask("surplus", {}, _QUICK_S)

    def served(self) -> str:
        """Whether the model that the board serves draws a token: `answers`, or why not."""
        return str(self._ask("served", {}, _SERVED_S)["served"])

    def logs(self, n: int, since: str | None, grep: str | None) -> Sequence[str]:
        """The agent's last `n` lines."""
        return list(self._ask("logs", {"n": n, "since": since, "grep": grep}, _QUICK_S)["lines"])

    def audit(self, n: int) -> HelperReply:
        """The last `n` actions, the chain's head, and what is wrong with the chain."""
        return self._ask("audit", {"n": n}, _QUICK_S)

    def lock(self) -> HelperReply | None:
        """Who holds the deploy lock."""
        held = self._ask("lock-status", {}, _QUICK_S)["lock"]
        return dict(held) if held else None

    def snapshot(self) -> HelperReply:
        """Digests over the board's files and its engine's state."""
        return self._ask("snapshot", {}, 300.0)

    def _ask(self, verb: str, request: Mapping[str, Any], timeout_s: float) -> HelperReply:
        return helper_call.ask(self._remote, verb, request, timeout_s=timeout_s, hear=self._hear)


class BoardClient(BoardView):
    """A board that can be changed. Every change needs the lock's token, and is noted in the board's audit."""

    def install(self) -> None:
        """Put the helper of these sources there and make it the one that answers."""
        own = helper_zipapp.packed()
        script = f'as_root() {{ {helper_zipapp.AS_ROOT}; }}; as_root sh -c "$1" sage-edge "$2"'
        ran = self._remote.run(script, helper_zipapp.INSTALL, own.sha256, stdin=own.content, timeout_s=120)
        if ran.code != 0:
            raise helper_call.blocked_error(self.host, ran)

    def reached_back(self, port: int) -> contextlib.AbstractContextManager[int]:
        """Let the board reach a port of our loopback for the body; yields the port on its own."""
        return self._remote.reached_back(port)

    def load_image(self, tar: IO[bytes]) -> None:
        """Stream a whole image into the board's engine. tar: as an engine saves it. Raises DeployError."""
        ran = self._remote.run(helper_zipapp.AS_ROOT, "docker", "load", "--quiet", stdin=tar, timeout_s=_SLOW_S)
        if ran.code != 0:
            raise DeployError(
                f"{self.host}: docker load failed: {ran.complaint[-300:] or f'exit {ran.code}'}",
                hint=("is there room? ", invoke("status", host=self.host)),
            )

    def provision(self, steps: Sequence[Mapping[str, Any]]) -> Sequence[HelperReply]:
        """Do provisioning steps; return what each did."""
        return list(self._act("provision", {"steps": list(steps)})["steps"])

    def acquire(self, why: str, release: str | None = None, *, manual: bool = False) -> HelperReply:
        """Take the board's lock, also from a process of ours that is dead. Raises BoardLocked."""
        claim = {**client_identity.claim(), "why": why, "release": release, "manual": manual}
        try:
            return self._act("lock-acquire", claim)
        except BoardLocked:
            held = self.lock()
            if held is None or held["manual"] or not client_identity.is_dead(held):
                raise
            return self._act("lock-acquire", {**claim, "instead_of": held["pid"]})

    def release_lock(self, token: str | None) -> bool:
        """Free the lock; token None: whoever holds it."""
        return bool(self._act("lock-release", {"token": token})["released"])

    def renew_lock(self, token: str) -> None:
        """Say that the holder of the lock lives. Raises BoardLocked when it is not this token's any more."""
        self._ask("lock-renew", {"token": token}, _QUICK_S)

    def fetch(self, token: str, release: str, image_from: Sequence[str]) -> HelperReply:
        """Bring the image of a release, given as its release.json. image_from: what to pull, one after the other."""
        return self._act("fetch", {"token": token, "release": release, "image_from": list(image_from)})

    def stage(
        self, token: str, files: Mapping[str, str], image_from: Sequence[str], permit: Mapping[str, str] | None
    ) -> HelperReply:
        """Bring files and image of a release. image_from: as `fetch`; permit: text and signature (records.permit)."""
        request = {"token": token, "files": dict(files), "image_from": list(image_from)}
        return self._act("stage", {**request, "permit": dict(permit) if permit else None})

    def activate(self, token: str, patience: Mapping[str, Any]) -> HelperReply:
        """Switch to the staged release and wait for its proof."""
        return self._act("activate", {"token": token, **patience})

    def confirm(self, token: str, release: str) -> HelperReply:
        """Commit; call it over another connection than `activate`."""
        return self._act("confirm", {"token": token, "release": release})

    def rollback(self, token: str, to: str | None, patience: Mapping[str, Any]) -> HelperReply:
        """Switch to a release that served before."""
        return self._act("rollback", {"token": token, "to": to, **patience})

    def unpin(self, token: str, release: str) -> HelperReply:
        """Let a board that was rolled back go forward again from the release that serves."""
        return self._act("unpin", {"token": token, "release": release})

    def set_aside(self, token: str) -> HelperReply:
        """Rename a deploy journal that cannot be read, so that a new one begins."""
        return self._act("set-aside", {"token": token})

    def prune(self, token: str) -> HelperReply:
        """Remove what `surplus` names; return what is gone."""
        return self._act("prune", {"token": token})

    def retire(self, token: str, *, cut: bool) -> HelperReply:
        """Stop the agent for good: {"at", "who"} of the mark. cut: do not wait for the end of a wake."""
        return self._act("retire", {"token": token, "cut": cut})

    def pack_state(self) -> HelperReply:
        """Let the board pack its state between two wakes: {"id", "size", "files", "skipped"}."""
        return self._act("backup-open", {})

    def state_piece(self, packed: str, offset: int) -> bytes:
        """The next bytes of a packed state; nothing at its end. Raises ValueError for an answer that holds none."""
        answer = self._ask("backup-piece", {"id": packed, "offset": offset}, _PIECE_S)
        return base64.b64decode(str(answer["data"]), validate=True)

    def forget_packed(self, packed: str) -> None:
        """Remove a packed state from the board."""
        self._act("backup-close", {"id": packed})

    def send_state(self, packed: str, size: int, offset: int, piece: bytes) -> int:
        """Send a piece of a packed state; return how many bytes the board has. No piece: only ask for that."""
        data = base64.b64encode(piece).decode("ascii")
        request = {"id": packed, "size": size, "offset": offset, "data": data}
        return int(self._ask("restore-receive", request, _PIECE_S)["have"])

    def restore_state(self, token: str, packed: str, listing: Mapping[str, str], *, replace: bool) -> HelperReply:
        """Put a packed state that was sent in place of what is there: {"files", "replaced", "started"}."""
        return self._act("restore-commit", {"token": token, "id": packed, "files": dict(listing), "replace": replace})

    def recover(self, because: str) -> HelperReply:
        """Let the board settle what nobody drives any more."""
        return self._act("recover", {"because": because})

    def _act(self, verb: str, request: Mapping[str, Any]) -> HelperReply:
        return self._ask(verb, {"who": client_identity.who(), **request}, _SLOW_S)
