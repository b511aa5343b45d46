"""The tokenizer of a transformers folder, under the chat template that the folder carries."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer


class FolderWords:
    """A tokenizer with its chat template, as `conversations.encode` wants it. Loads no weights."""

    def __init__(self, folder: Path) -> None:
        self._words = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        return int(self._words.eos_token_id)

    def render(self, messages: list[dict[str, str]], *, for_answer: bool) -> str:
        """Return the conversation under the template. for_answer: with the beginning of an assistant's message."""
        return str(self._words.apply_chat_template(messages, tokenize=False, add_generation_prompt=for_answer))

    def tokenise(self, text: str, special: bool) -> list[int]:
        """Return a text's tokens. special: whether markup in it counts as such."""
        return list(self._words.encode(text, add_special_tokens=False, split_special_tokens=not special))
