"""llama-cpp-python's Llama without chat templates of its own, that says why it does not load a file.

While it opens a file the binding compiles the file's templates, from a copy of the metadata that lacks the last byte of
a value of 1,024: a good template then ends the opening with an error of its compiler, and so does any that is broken.
Here templates are read from the header and rendered by us, so the binding gets to see none.

Of a file that llama.cpp does not load the binding says only that; the reason goes to llama.cpp's log, whose errors are
heard here meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator, Mapping
from typing import Any

_TEMPLATES = "tokenizer.chat_template"
_ERROR = 4  # ggml_log_level
_GIVES_UP = "failed to load model"
_SAYS = "error loading model: "


def of(library: Any) -> Any:
    """Return a class like `library.Llama` that opens a file whatever its template; `everything` holds its metadata.

    It raises ValueError with llama.cpp's own reason for a file that it does not load.
    """

    class BareLlama(library.Llama):  # type: ignore[misc]
        """Hides the templates from what opens the file."""

        everything: Mapping[str, str]

        def __init__(self, *given: Any, **settings: Any) -> None:
            with _reasons(library) as lines:
                try:
                    super().__init__(*given, **settings)
                except ValueError as refusal:
                    if reason := _last(lines):
                        raise ValueError(f"llama.cpp says: {reason}") from refusal
                    raise

        @property
        def metadata(self) -> dict[str, str]:
            return {key: value for key, value in self.everything.items() if not key.startswith(_TEMPLATES)}

        @metadata.setter
        def metadata(self, metadata: Mapping[str, str]) -> None:
            self.everything = dict(metadata)

    return BareLlama


@contextlib.contextmanager
def _reasons(library: Any) -> Iterator[list[str]]:
    """Collect what llama.cpp logs as an error; the binding's own listener is there again afterwards."""
    lines: list[str] = []

    def hear(level: int, text: bytes, _: object) -> None:
        if level == _ERROR:
            lines.append(text.decode("utf-8", "replace").strip())

    listener = library.llama_log_callback(hear)  # kept until it is no longer called
    library.llama_log_set(listener, ctypes.c_void_p(0))
    try:
        yield lines
    finally:
        library.llama_log_set(library._logger.llama_log_callback, ctypes.c_void_p(0))


def _last(lines: list[str]) -> str:
    """The last error that is a reason, without the function that says it."""
    reasons = [line for line in lines if _GIVES_UP not in line]
    return reasons[-1].rpartition(_SAYS)[2] if reasons else ""
