"""What goes wrong between a host, its clone and the hub."""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import Hint, sage
from sage_edge.sizes import counted


class ExchangeError(SageError):
    """Git as the post did not deliver."""


class OwnBranchBroken(ExchangeError):
    """A paper that this host has published is not what it was."""

    code = ExitCode.NOT_VERIFIED


class ForeignCommits(OwnBranchBroken):
    """The hub's branch of this host holds what this host did not write."""

    def __init__(self, host: str, count: int, what: str) -> None:
        self.host, self.count, self.what = host, count, what
        super().__init__(
            f"the exchange's host/{host} holds {counted(count, 'commit')} that {host} did not write here: {what}",
            hint=(
                "find out whose they are; work goes on meanwhile, and this ends it: ",
                sage("exchange repair", because="REASON"),
            ),
        )


class RepairUndecided(OwnBranchBroken):
    """Nobody but a person knows whose commits these are."""

    def __init__(self, host: str, count: int, first: str) -> None:
        self.host, self.count, self.first = host, count, first
        super().__init__(
            f"{counted(count, 'commit')} from {first[:12]} on look like those of {host} and may be its own: {host} may "
            "have been put back from a backup, or somebody may have written in its name",
            hint=(
                "they are its own: ",
                sage("exchange repair", keep=True, because="REASON"),
                "; they are somebody else's: ",
                sage("exchange repair", disown=True, because="REASON"),
            ),
        )


class NotTrustable(ExchangeError):
    """A person's word does not end this quarantine."""

    code = ExitCode.USAGE

    def __init__(self, host: str, why: str, *, hint: Hint = "") -> None:
        self.host = host
        super().__init__(f"the branch of {host} cannot be trusted like that: {why}", hint=hint or sage("doctor"))


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
