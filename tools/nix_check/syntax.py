"""Every .nix file by itself: it parses, names what somebody defines, and uses what it binds."""

from __future__ import annotations

from tools.nix_check import bindings
from tools.nix_check.errors import SyntaxRefused, Unused
from tools.nix_check.flake import Flake, last_error, named

FILES = "*.nix"


def parse(flake: Flake) -> str:
    """Return how many files parse. Raises SyntaxRefused with all that do not."""
    names = flake.known(FILES)
    wrong = []
    if flake.nix.ask("--parse", *_paths(flake, names), program="nix-instantiate").code != 0:
        for path in _paths(flake, names):
            asked = flake.nix.ask("--parse", path, program="nix-instantiate")
            if asked.code != 0:
                wrong.append(last_error(asked))
    if wrong:
        raise SyntaxRefused("\n".join(wrong))
    unknown = flake.unknown(FILES)
    missing = f"; unknown to git, so no part of the flake: {named(unknown)}" if unknown else ""
    return f"{len(names)} files{missing}"


def use(flake: Flake) -> str:
    """Return that every name is used. Raises Unused with all that are not."""
    names = flake.known(FILES)
    idle = [
        f"{name}:{line}: {word} is bound and not used"
        for name in names
        for line, word in bindings.unused((flake.folder / name).read_text("utf-8"))
    ]
    if idle:
        raise Unused("\n".join(idle))
    return f"{len(names)} files use what they bind"


def _paths(flake: Flake, names: list[str]) -> list[str]:
    return [str(flake.folder / name) for name in names]
