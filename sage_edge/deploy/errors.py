"""What a deployment is refused for, on the workstation; the boards' own refusals stand in `remote.errors`.

DeployError
├── ModelNotLocked(host, ref)          2
├── NoRegistry(host)                   1
├── PlanStale(host)                    3
├── HostPinned(host)                   3
├── OperatorUnknown(what, host)        3
├── PinBroken(host)                    3
├── ImageGone(host)                    1
└── ExchangeUnknown(machine)           3
RoleError
└── WrongRole(host)                    3
"""

from __future__ import annotations

from pathlib import Path

from sage_edge.errors import ExitCode
from sage_edge.hints import invoke, sage
from sage_edge.inventory.errors import RoleError
from sage_edge.names import HostName, ModelRef
from sage_edge.remote.errors import DeployError


class ModelNotLocked(DeployError):
    """A host's model has no locked digest, so nobody could say what would answer."""

    code = ExitCode.USAGE

    def __init__(self, host: HostName, ref: ModelRef) -> None:
        self.host, self.ref = host, ref
        super().__init__(f"{ref}, the model of {host}, is not locked", hint=sage("model prepare", ref))


class NoRegistry(DeployError):
    """No registry can be started here."""

    def __init__(self, why: str, host: str) -> None:
        self.host = host
        super().__init__(why, hint=("send the whole image instead: ", invoke("deploy", host=host, via="save")))


class PlanStale(DeployError):
    """What a saved plan rests on is no longer so."""

    code = ExitCode.REFUSED

    def __init__(self, path: Path, host: str, what: str) -> None:
        self.host = host
        super().__init__(
            f"{path} no longer fits {host}: {what}; nothing was done", hint=("plan again: ", invoke("plan", host=host))
        )


class HostPinned(DeployError):
    """A board was rolled back from the very release that is declared, so it stays where it is. pin: in words."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, release: str, pin: str) -> None:
        self.host = host
        super().__init__(
            f"{host} is {pin}; what is declared is {release} again, so nothing was done",
            hint=("declare something else, or let it go forward: ", invoke("deploy", host=host, unpin=True)),
        )


class OperatorUnknown(DeployError):
    """Releases of this fleet are signed, and the key that is here signs none. host: the operator's, such as desk."""

    code = ExitCode.REFUSED

    def __init__(self, what: str, host: str) -> None:
        self.host = host
        super().__init__(
            f"releases of this fleet are signed by {host}, and {what}",
            hint=("name the key with SAGE_KEY=FILE, or where it is lost: ", invoke("key.lost", host=host)),
        )


class PinBroken(DeployError):
    """What a board was rolled back to cannot be started there any more."""

    code = ExitCode.REFUSED

    def __init__(self, host: HostName, release: str, why: str) -> None:
        self.host = host
        super().__init__(
            f"{host} was rolled back to {release}, which cannot be started anew: {why}; nothing was done",
            hint=(
                "a person has to choose, forward: ",
                invoke("deploy", host=host, unpin=True),
                ", or another one that is whole: ",
                invoke("rollback", host=host, list=True),
            ),
        )


class ImageGone(DeployError):
    """The image of a release that is to serve again is neither on its board nor here."""

    def __init__(self, host: HostName, release: str, image: str) -> None:
        self.host = host
        super().__init__(
            f"the image {image} of {release} is neither on {host} nor on this workstation; nothing was switched",
            hint=(
                "a person has to choose: another release of ",
                invoke("rollback", host=host, list=True),
                ", or what is declared: ",
                invoke("deploy", host=host),
            ),
        )


class ExchangeUnknown(DeployError):
    """Nobody declared by which key the exchange is known."""

    code = ExitCode.REFUSED

    def __init__(self, machine: str, place: str) -> None:
        self.machine = machine
        super().__init__(
            f"{place} holds no key for {machine}, where the exchange is, so no board could trust it",
            hint=f"add its line: {machine} ssh-ed25519 AAAA…, compared with what its own console says",
        )


class WrongRole(RoleError):
    """The image was made for another role or board."""

    def __init__(self, host: HostName, what: str) -> None:
        self.host = host
        super().__init__(
            f"this image is not for {host}: {what}",
            hint=("build the right one: ", invoke("image.build", host=host)),
        )
