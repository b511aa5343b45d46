"""What another machine, or the way to it, refuses.

    DeployError                                                     exit code
    ├── KeyUnknown · KeyChanged · KeyRevoked       the SSH door      3
    │   AccessDenied · ShellInTheWay               behind it         3
    ├── NotReady                                   provision first   1
    │   └── HelperOutdated
    ├── UnreadableProbe · TooMuchOutput                              1
    ├── HostInterrupted                            Ctrl-C            130
    └── BoardRefused(host, kind)                   its helper's own words
        └── BoardUsage 2 · BoardGuarded 3 · BoardLocked 5 · RolledBack 6 · RollbackFailed 7
    IdentityConflict
    └── WrongBoard                                 not the host that was meant
        └── CardDamaged

`image`, `model_sync` and `deploy` add kinds of their own below DeployError.
"""

from __future__ import annotations

from pathlib import Path

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import Hint, invoke, ssh
from sage_edge.inventory.errors import IdentityConflict
from sage_edge.names import HostName
from sage_edge.paths import shown

START_FILES = ".bashrc, .profile, .zshenv, .ssh/rc, `command=` in authorized_keys"
"""What may speak before a command that is run over ssh."""

_PUBLIC = "/etc/ssh/ssh_host_ed25519_key.pub"


class DeployError(SageError):
    """Something between the workstation and a host refused."""


class KeyUnknown(DeployError):
    """No key is declared for the host, so nobody knows whether it is the host. address: for people; keys: the file."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, key_name: str, address: str, keys: Path) -> None:
        self.host = host
        super().__init__(
            f"{shown(keys)} holds no key for {key_name}, so {address} is not trusted",
            hint=f"on the board's own console: cat {_PUBLIC}; then add to {shown(keys)}: {key_name} ssh-ed25519 AAAA…",
        )


class KeyChanged(DeployError):
    """The machine that answered holds another key than the declared one."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, key_name: str, address: str, keys: Path, *, expected: str, actual: str) -> None:
        self.host, self.expected, self.actual = host, expected, actual
        super().__init__(
            f"{address} answers with key {actual}, {shown(keys)} says {expected}; nothing was sent",
            hint=f"compare with what the board's own console says: ssh-keygen -lf {_PUBLIC}; only if they agree, "
            f"replace the line of {key_name}",
        )


class KeyRevoked(DeployError):
    """The machine that answered holds a key that is marked as revoked."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, address: str, keys: Path, *, actual: str) -> None:
        self.host, self.actual = host, actual
        super().__init__(
            f"{address} answers with key {actual}, which {shown(keys)} marks as revoked; nothing was sent",
            hint="whoever holds the old key may stand between: make a new one at the board's console, then pin that",
        )


class AccessDenied(DeployError):
    """The host does not let us in, or our own ssh cannot ask it. why: which side, file or key; step: what mends it."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, why: str, step: str) -> None:
        self.host = host
        super().__init__(why, hint=(f"{step}; see: ", ssh("-v", host, "true")))


class ShellInTheWay(DeployError):
    """The account's login shell does not run what it is asked, or prints where an answer should be.

    exit_code: how it ended; None: it did not. words: what it said, inert and short.
    """

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, exit_code: int | None, words: str) -> None:
        self.host, self.exit_code, self.words = host, exit_code, words
        how = "never comes to an end" if exit_code is None else f"ends with {exit_code}"
        super().__init__(
            f"the login shell of {host} is in the way: it {how} and says: {words or 'nothing'}",
            hint=(
                f"in that account, see {START_FILES} and the shell itself; nothing may be printed: ",
                ssh(host, "true"),
            ),
        )


class TooMuchOutput(DeployError):
    """A command on a host printed more than anything that we run there does."""

    def __init__(self, host: HostName, most_bytes: int) -> None:
        self.host, self.most_bytes = host, most_bytes
        super().__init__(
            f"{host} answers with more than {most_bytes >> 20} MiB, which is no answer of ours",
            hint=("renew its helper: ", invoke("provision", host=host)),
        )


class NotReady(DeployError):
    """The board is not provisioned for what is asked."""

    def __init__(self, host: HostName, what: str, hint: Hint | None = None) -> None:
        self.host = host
        super().__init__(f"{host} is not ready: {what}", hint=hint or invoke("provision", host=host))


class HelperOutdated(NotReady):
    """The helper on the board is not that of this checkout."""

    def __init__(self, host: HostName, theirs: str, ours: str) -> None:
        super().__init__(host, f"its helper is {theirs}, ours is {ours}")


class UnreadableProbe(DeployError):
    """The helper's answer does not have the shape that this version reads."""

    def __init__(self, host: HostName, what: str) -> None:
        self.host = host
        super().__init__(
            f"{host}: the helper's facts cannot be read: {what}",
            hint=("renew the helper: ", invoke("provision", host=host)),
        )


class HostInterrupted(DeployError):
    """A person stopped it. where: how far a host got, and what becomes of it now."""

    code = ExitCode.INTERRUPTED

    def __init__(self, host: HostName, where: str = "") -> None:
        self.host = host
        state = f"; {where}" if where else ""
        super().__init__(f"{host}: interrupted{state}", hint=("see where it is: ", invoke("status", host=host)))


class BoardRefused(DeployError):
    """The helper on the board refused: its words, its next step; the exit code is that of the subclass.

    kind: the helper's slug for it.
    """

    def __init__(self, host: HostName, kind: str, message: str, hint: Hint = "") -> None:
        self.host, self.kind = host, kind
        super().__init__(f"{host}: {message}", hint=hint)


class BoardUsage(BoardRefused):
    """It was asked for something that does not exist there."""

    code = ExitCode.USAGE


class BoardGuarded(BoardRefused):
    """A guard on the board said no."""

    code = ExitCode.REFUSED


class BoardLocked(BoardRefused):
    """Somebody else deploys, or a session runs."""

    code = ExitCode.LOCKED


class RolledBack(BoardRefused):
    """The new release did not prove itself; the previous one serves."""

    code = ExitCode.ROLLED_BACK


class RollbackFailed(BoardRefused):
    """Neither release is proven to serve."""

    code = ExitCode.ROLLBACK_FAILED


class WrongBoard(IdentityConflict):
    """What answers at the address is not the declared host."""

    def __init__(self, host: HostName, what: str, hint: Hint | None = None) -> None:
        self.host = host
        look = ("is the address right? ", ssh(host, "cat", "/etc/sage/host.yaml", "/etc/nv_tegra_release"))
        super().__init__(f"what answers is not {host}: {what}", hint=hint or look)


class CardDamaged(WrongBoard):
    """The board's own card cannot be read, so it does not say whose it is."""

    def __init__(self, host: HostName, what: str) -> None:
        super().__init__(host, f"its card is damaged: {what}", ("write it anew: ", invoke("provision", host=host)))
