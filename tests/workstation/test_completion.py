"""At Tab, both programs offer tasks, options and values, in the shells that people use."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from sage_edge.cli import main, shell_words
from sage_edge.workstation import completion, seen_releases
from sage_edge.workstation.collection import collection

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HOSTS = ["desk", "sprout", "thor"]
SHELLS = ("bash", "zsh", "fish")
BASH = """
{script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_LINE="{line}" COMP_POINT={end}
{function} {program} "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH_INVOKE = "{script}\nwords=({words})\n_complete_invoke\nprint -l -- $reply\n"
ZSH_SAGE = """
compdef() {{ }}
_describe() {{ local name=$#; print -l -- ${{completions_with_descriptions%%:*}} }}
compadd() {{ print -l -- $completions }}
{script}
words=({words}) CURRENT=${{#words}}
_sage_edge_completion
"""


def needs(shell: str) -> str:
    """The shell's program; a loud skip where it is not installed."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"NOT TESTED: completion in {shell}, which is not installed here")
    return path


def ask(shell: str, program: str, line: str) -> list[str]:
    """What a shell offers behind a line that ends at the cursor."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "SAGE_FLEET": str(ROOT / "fleet")}
    done = subprocess.run(
        [
            needs(shell),
            *(["--no-config"] if shell == "fish" else ["-f"] if shell == "zsh" else ["--norc"]),
            "-c",
            asked(shell, program, line, env),
        ],
        cwd=ROOT / "tests",
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.stderr, done.stderr
    return [offer.split("\t")[0] for offer in done.stdout.splitlines() if offer]


def asked(shell: str, program: str, line: str, env: dict[str, str]) -> str:
    """The commands by which a shell loads the script that the docs name, and answers a Tab."""
    if program == "invoke":
        words = ["invoke", "--print-completion-script", shell]
        script = subprocess.run(
            [BIN / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    else:
        told = {**env, "_SAGE_EDGE_COMPLETE": f"{shell}_source"}
        script = subprocess.run([BIN / "sage-edge"], env=told, capture_output=True, text=True, check=True).stdout
    words = line.split(" ")
    if shell == "bash":  # which breaks words there
        words = [word for part in words for word in (re.findall("=|[^=]+", part) or [""])]
    quoted = " ".join(f"'{word}'" for word in words)
    if shell == "fish":
        return f"{script}\ncomplete --do-complete '{line}'"
    if shell == "zsh":
        return (ZSH_INVOKE if program == "invoke" else ZSH_SAGE).format(script=script, words=quoted)
    function = "_complete_invoke" if program == "invoke" else "_sage_edge_completion"
    return BASH.format(script=script, words=quoted, line=line, end=len(line), function=function, program=program)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_tasks_and_values_of_invoke(shell: str) -> None:
    assert "image.build" in ask(shell, "invoke", "invoke ima")
    assert ask(shell, "invoke", "invoke deploy --host spr") == ["sprout"] or shell == "zsh"
    assert set(HOSTS) <= set(ask(shell, "invoke", "invoke deploy --host "))
    assert "sim" in ask(shell, "invoke", "invoke status --all --fleet ")
    assert "sage/seedling:q8_0" in ask(shell, "invoke", "invoke sync --host thor --model ")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_and_values_of_sage_edge(shell: str) -> None:
    assert {"pull", "prepare"} <= set(ask(shell, "sage-edge", "sage-edge model p"))
    assert "sage/seedling:q8_0" in ask(shell, "sage-edge", "sage-edge model show sage/")
    assert set(HOSTS) <= set(ask(shell, "sage-edge", "sage-edge agent plan --as "))


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_behind_an_equals_sign_keeps_its_option(shell: str) -> None:
    assert ask(shell, "sage-edge", "sage-edge analyse --by=we") == [kept(shell, "--by=", "week")]
    assert kept(shell, "--host=", "sprout") in ask(shell, "invoke", "invoke deploy --host=spr")


def kept(shell: str, option: str, value: str) -> str:
    """What a shell puts in the place of the word at the cursor; of bash's words, the value is one."""
    return value if shell == "bash" else option + value


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["deploy", "--host"], HOSTS),
        (["deploy", "--host", "sp"], HOSTS),
        (["deploy", "--host", "sprout,"], ["sprout,desk", "sprout,thor"]),
        (["status", "--role", "r"], ["operator", "practitioner", "researcher"]),
        (["deploy", "--when"], ["idle", "now"]),
        (["deploy", "--when", "="], ["idle", "now"]),
        (["deploy", "--when", "=", "i"], ["idle", "now"]),
        (["deploy", "--when=i"], ["--when=idle", "--when=now"]),
        (["deploy", "--when=now"], ["--when=idle", "--when=now"]),
        (["deploy", "--host=thor,"], ["--host=thor,desk", "--host=thor,sprout"]),
        (["deploy", "--dry-run=x"], None),
        (["deploy"], None),
        (["deploy", "--d"], None),
        ([], None),
    ],
)
def test_values_are_those_of_the_option(
    words: list[str], offered: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(ROOT / "fleet"))
    assert completion.candidates(words, collection()) == offered


def test_behind_a_whole_value_options_are_offered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(ROOT / "fleet"))
    offered = completion.candidates(["deploy", "--host", "thor"], collection())
    assert offered is not None
    assert {"thor", "--when", "--dry-run"} <= set(offered)


def test_releases_are_those_that_hosts_have_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
    assert completion.candidates(["rollback", "--to"], collection()) == []
    seen_releases.remember(tmp_path, "sprout", ["0123456789ab", "ba9876543210"])
    seen_releases.remember(tmp_path, "sprout", ["0123456789ab"])
    assert completion.candidates(["rollback", "--to", "0"], collection()) == ["0123456789ab"]
    (tmp_path / ".sage" / "releases" / "thor.json").write_text("{", "utf-8")
    assert completion.candidates(["rollback", "--to"], collection()) == ["0123456789ab"]


def test_words_that_bash_has_broken_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    shell_words.install()
    bash = get_completion_class("bash")
    assert bash is not None
    monkeypatch.setenv("COMP_CWORD", "6")
    monkeypatch.setenv("COMP_WORDS", "sage-edge\nanalyse\n--by\n=\nweek\n--track\n=\n")
    held = bash(main, {}, "sage-edge", "_SAGE_EDGE_COMPLETE").get_completion_args()
    assert held == (["analyse", "--by=week", "--track"], "=")
