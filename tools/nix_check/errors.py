"""Why the flake could not be looked at, or does not hold.

SageError
├── NoNix                      no nix that is recent enough, and no way to get one here          1
│   └── MirrorSilent           apt's mirror does not answer                                      4
└── NotProven                  a step failed                                                     8
    ├── SyntaxRefused          a .nix file does not parse, or names what nobody defines
    ├── Unused                 a name is bound and never used
    ├── LockStale              flake.lock is older than flake.nix
    ├── LockEdited             flake.lock is not as nix writes it
    ├── NotEvaluated           an output cannot be computed
    │   └── RequirementUnknown a requirement of pyproject.toml that nixpkgs does not have
    ├── NoSandbox              this machine cannot build in isolation
    ├── NotBuilt               an output was computed and does not build
    │   ├── SourceMissing      because the flake's source set leaves out a file
    │   └── NothingTested      because all of its tests were skipped
    ├── HashWrong              a pinned hash is not that of the file
    ├── NotFetched             pip could not get the file of a pinned hash
    └── UnitsRefused           systemd complains about a unit, or finds it too exposed
"""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import Hint, invoke

AGAIN = invoke("nix.check")


class NoNix(SageError):
    """No nix that is recent enough, and no way to get one here."""


class MirrorSilent(NoNix):
    """apt's mirror does not answer."""

    code = ExitCode.UNREACHABLE


class NotProven(SageError):
    """A step failed; `output` is what the program behind it printed."""

    code = ExitCode.NOT_VERIFIED
    next_step: Hint = AGAIN

    def __init__(self, message: str, *, output: str = "", hint: Hint = "") -> None:
        self.output = output
        super().__init__(message, hint=hint or self.next_step)


class SyntaxRefused(NotProven):
    """A .nix file does not parse, or names what nobody defines."""

    next_step = ("mend the file, then: ", AGAIN)


class Unused(NotProven):
    """A name is bound and never used."""

    next_step = ("remove the name, or begin it with _ where a caller wants it, then: ", AGAIN)


class LockStale(NotProven):
    """flake.lock is older than flake.nix."""

    next_step = "where nix reaches the network: nix flake lock"


class LockEdited(NotProven):
    """flake.lock is not as nix writes it."""

    next_step = "git checkout flake.lock, or where nix reaches the network: nix flake update"


class NotEvaluated(NotProven):
    """An output cannot be computed."""

    next_step = ("mend the file that is named last, then: ", AGAIN)


class RequirementUnknown(NotEvaluated):
    """A requirement of pyproject.toml that nixpkgs does not have."""

    next_step = ("mend its name in pyproject.toml, or say in nix/ what nixpkgs calls it, then: ", AGAIN)


class NoSandbox(NotProven):
    """This machine cannot build in isolation."""

    next_step = "allow user namespaces (sysctl user.max_user_namespaces=10000), or run it as root on another machine"


class NotBuilt(NotProven):
    """An output was computed and does not build."""

    next_step = ("mend what its last lines name, then: ", AGAIN)


class SourceMissing(NotBuilt):
    """An output does not build because the flake's source set leaves out a file."""

    next_step = ("add the file to the source set in nix/, then: ", AGAIN)


class NothingTested(NotBuilt):
    """All tests of a check were skipped, so it proves nothing."""

    next_step = ("give the check what its tests ask for, or let it run others, then: ", AGAIN)


class HashWrong(NotProven):
    """A pinned hash is not that of the file."""

    next_step = ("if the new file is the one that you want, put its hash into nix/, then: ", AGAIN)


class NotFetched(NotProven):
    """pip could not get the file of a pinned hash."""

    next_step = ("see that pip reaches an index, then: ", AGAIN)


class UnitsRefused(NotProven):
    """systemd complains about a unit, or finds it too exposed."""

    next_step = ("mend the unit in nix/, then: ", AGAIN)
