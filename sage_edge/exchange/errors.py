"""What goes wrong between a host, its clone and the hub."""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError


class ExchangeError(SageError):
    """Git as the post did not deliver."""


class OwnBranchBroken(ExchangeError):
    """A paper that this host has published is not what it was."""

    code = ExitCode.NOT_VERIFIED


class KeyUnusable(ExchangeError):
    """This host has to sign its commits and cannot."""


class SignaturesUnchecked(ExchangeError):
    """Nobody here can check signatures, so nothing that has to be signed is believed."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            f"the signatures of the other hosts cannot be checked: {why}",
            hint="install openssh-client 8.2 or later; until then nothing new of them is read, and nothing is lost",
        )


class Unsound(ExchangeError):
    """The hub sent objects that git does not accept."""


class CloneDamaged(OwnBranchBroken):
    """git cannot read what it once wrote here."""
