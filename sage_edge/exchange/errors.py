"""What goes wrong between a host, its clone and the hub."""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError


class ExchangeError(SageError):
    """Git as the post did not deliver."""


class OwnBranchBroken(ExchangeError):
    """A paper that this host has published is not what it was."""

    code = ExitCode.NOT_VERIFIED


class Unsound(ExchangeError):
    """The hub sent objects that git does not accept."""


class CloneDamaged(OwnBranchBroken):
    """git cannot read what it once wrote here."""
