"""`--option=value` at Tab, as a shell hands it over: bash in three words, zsh and fish as one, to be replaced whole.

click completes the value alone, which zsh puts in the place of the whole word, and finds none in bash.
"""

from __future__ import annotations

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)


class _WholeWords(ShellComplete):
    """Offers values behind the option that the word begins with."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, incomplete = super().get_completion_args()
        is_apart = bool(words) and words[-1] == "="
        args: list[str] = []
        for word in words[:-1] if is_apart else words:
            is_value = len(args) > 1 and args[-1] == "=" and args[-2].startswith("-")
            args = [*args[:-2], f"{args[-2]}={word}"] if is_value else [*args, word]
        return args, incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        items = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not equals or not option.startswith("-"):
            return items
        return [
            CompletionItem(f"{option}={item.value}", item.type, item.help) if item.type == "plain" else item
            for item in items
        ]


class _Bash(_WholeWords, BashComplete):
    """bash."""


class _Zsh(_WholeWords, ZshComplete):
    """zsh."""


class _Fish(_WholeWords, FishComplete):
    """fish."""


def install() -> None:
    """Let click complete such words."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)
