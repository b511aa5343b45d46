"""What a guard refuses: a role without the ability, a machine that is not who it claims to be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import invoke, sage


class RoleError(SageError):
    """A guard said no."""

    code = ExitCode.REFUSED


class NotMyRole(RoleError):
    """The host's role lacks the ability that was asked for."""

    def __init__(self, host: str, role: str, ability: str, owners: Sequence[str], abilities: Sequence[str]) -> None:
        self.host, self.role, self.ability = host, role, ability
        self.owners, self.abilities = tuple(owners), tuple(abilities)
        whose = " and ".join(self.owners) or "no host"
        super().__init__(
            f"{host} ({role}) lacks the ability '{ability}', which belongs to {whose}",
            hint=(f"{host} may: {', '.join(self.abilities) or 'nothing'}; see: ", sage("fleet show")),
        )


class IdentityConflict(RoleError):
    """The host card, the claimed host and the measured board do not agree."""


class NoIdentity(RoleError):
    """Neither a card nor a command says which host this machine is."""

    def __init__(self, card: Path) -> None:
        self.card = card
        super().__init__(
            f"this machine is no host yet: {card} is missing and no host was named",
            hint=("name one with --as HOST; the hosts: ", sage("fleet show")),
        )


class WrongImage(RoleError):
    """The image, the host's card and the board do not agree."""

    def __init__(self, host: str, wrong: tuple[str, ...]) -> None:
        self.host, self.wrong = host, wrong
        super().__init__(
            f"this image was not made for {host}: {'; '.join(wrong)}",
            hint=("at the workstation: ", invoke("image.build", host=host), ", then: ", invoke("deploy", host=host)),
        )
