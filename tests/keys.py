"""Keys for tests, made where they are needed: none lies in the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_key(path: Path, comment: str = "a test") -> str:
    """Make a key pair `path`, `path.pub`; return the public half as `kind base64`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return public_half(path)


def public_half(path: Path) -> str:
    """`kind base64` of a pair."""
    return " ".join(path.with_name(f"{path.name}.pub").read_text("ascii").split()[:2])
