"""The tokenizer of a transformers folder, under the chat template that the folder carries."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.template import ChatTemplate
from sage_edge.models.prompt.tokens import MarkerToken, is_marker


class FolderWords:
    """A tokenizer with its chat template, as `conversations.encode` wants it. Loads no weights.

    Raises TemplateUnfaithful where the folder carries no chat template, or none that can be read.
    """

    def __init__(self, folder: Path) -> None:
        words = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if not isinstance(words.chat_template, str):
            raise TemplateUnfaithful("there is none", what=folder.name)
        self._words = words
        self.template = ChatTemplate(words.chat_template, bos=words.bos_token or "", eos=words.eos_token or "")
        self.markers = {
            token.content: MarkerToken(number, not token.special, token.lstrip, token.rstrip)
            for number, token in words.added_tokens_decoder.items()
            if is_marker(token.content, words.chat_template, in_plain=not token.special)
        }

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        return int(self._words.eos_token_id)

    def tokenise(self, text: str) -> list[int]:
        """Return a plain text's tokens: markup in it is text."""
        return list(self._words.encode(text, add_special_tokens=False, split_special_tokens=True))
