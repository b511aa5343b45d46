"""A `docker` that writes down its words and answers as it is told; it stands at the door, in front of PATH."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

_SCRIPT = """\
#!/bin/sh
printf '%s\\n' "$*" >>"{folder}/asked"
case "$*" in
{answers}
esac
"""


class StubDocker:
    """Answers by the first shell pattern that fits the words; without one, with nothing and 0."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._answers: list[str] = []
        monkeypatch.setenv("PATH", str(folder))
        self.tool("sh")

    def answers(self, pattern: str, says: str = "", *, complains: str = "", code: int = 0) -> None:
        """Answer words that fit a shell pattern."""
        fits = pattern.replace(" ", "\\ ")
        told = f"{fits}) printf '%b' '{says}'; printf '%b' '{complains}' >&2; exit {code} ;;"
        self._answers.append(told)
        program = self.folder / "docker"
        program.write_text(_SCRIPT.format(folder=self.folder, answers="\n".join(self._answers)), "utf-8")
        program.chmod(0o755)

    def tool(self, name: str) -> None:
        """Let a real program of this machine be found, too."""
        (self.folder / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or "")

    @property
    def asked(self) -> list[str]:
        """The words of every call, in order."""
        said = self.folder / "asked"
        return said.read_text("utf-8").splitlines() if said.exists() else []


INFO = "26.1.5\\tx86_64\\t/nowhere\\n"
