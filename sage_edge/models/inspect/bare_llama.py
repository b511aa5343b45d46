"""llama-cpp-python's Llama without chat templates of its own.

While it opens a file the binding compiles the file's templates, from a copy of the metadata that lacks the last byte of
a value of 1,024: a good template then ends the opening with an error of its compiler, and so does any that is broken.
Here templates are read from the header and rendered by us, so the binding gets to see none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEMPLATES = "tokenizer.chat_template"


def of(library: Any) -> Any:
    """Return a class like `library.Llama` that opens a file whatever its template; `everything` holds its metadata."""

    class BareLlama(library.Llama):  # type: ignore[misc]
        """Hides the templates from what opens the file."""

        everything: Mapping[str, str]

        @property
        def metadata(self) -> dict[str, str]:
            return {key: value for key, value in self.everything.items() if not key.startswith(_TEMPLATES)}

        @metadata.setter
        def metadata(self, metadata: Mapping[str, str]) -> None:
            self.everything = dict(metadata)

    return BareLlama
