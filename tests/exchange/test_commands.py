"""git, as words."""

from __future__ import annotations

from pathlib import Path

from sage_edge.exchange import commands, inspection
from sage_edge.exchange.commands import Clone
from sage_edge.shell import Command

from .world import SPROUT, START

CLONE = Clone(SPROUT, Path("/s/exchange.git"), Path("/s/papers"), Path("/s/locks"), "ssh://hub/post.git")
BEGIN = ("git", "--git-dir=/s/exchange.git", "--work-tree=/s/papers", "-c", "core.hooksPath=/dev/null")


def _said(command: Command) -> str:
    assert command.words[: len(BEGIN)] == BEGIN
    return " ".join(command.words[len(BEGIN) :])


def test_words() -> None:
    assert _said(commands.fetch(CLONE)) == (
        "fetch --quiet --no-tags --no-write-fetch-head --no-recurse-submodules --no-auto-maintenance --prune hub "
        "+refs/heads/host/*:refs/incoming/*"
    )
    assert _said(commands.fetch(CLONE, "thor")).endswith("maintenance hub +refs/heads/host/thor:refs/incoming/thor")
    assert _said(commands.push(CLONE)) == (
        "push --porcelain --no-verify hub refs/heads/host/sprout:refs/heads/host/sprout"
    )
    assert _said(commands.stage(CLONE, ["a"])) == "update-index -z --add --remove --stdin"
    assert commands.stage(CLONE, ["a", "b/\udcff"]).stdin == b"a\0b/\xff\0"
    assert _said(commands.staged(CLONE, None)).endswith(inspection.EMPTY_TREE)
    assert _said(commands.tree(CLONE, "abc", "decisions")) == "ls-tree -r -z abc decisions"
    assert commands.contents(CLONE, ["a", "b"]).stdin == b"a\nb\n"


def test_a_push_is_never_forced() -> None:
    words = commands.push(CLONE).words
    assert not any(word.startswith(("+", "-f", "--force", "--mirror", "--delete")) for word in words)


def test_a_commit_says_who_and_when() -> None:
    made = commands.commit(CLONE, "  one\n\ntwo\x00 ", START)
    assert made.stdin == b"sprout: one two\n\nSage-Host: sprout\n"
    assert {made.env[f"GIT_{role}_EMAIL"] for role in ("AUTHOR", "COMMITTER")} == {"sprout@sage-edge.invalid"}
    assert {made.env[f"GIT_{role}_DATE"] for role in ("AUTHOR", "COMMITTER")} == {"@1795154400 +0000"}
    assert commands.commit(CLONE, " \n", START).stdin.startswith(b"sprout: papers\n")


def test_every_command_is_sealed_and_ends() -> None:
    for command in (
        commands.fetch(CLONE),
        commands.push(CLONE),
        commands.tips(CLONE),
        commands.commit(CLONE, "x", START),
    ):
        assert command.timeout_s == 60
        assert command.env["GIT_CONFIG_NOSYSTEM"] == "1"
        assert command.env["GIT_CONFIG_GLOBAL"] == "/s/exchange.git/trust"
        assert command.env["GIT_TERMINAL_PROMPT"] == "0"
        assert command.env["LC_ALL"] == "C"
        assert "GIT_SSH_COMMAND" not in command.env
