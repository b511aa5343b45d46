"""`sage-host VERB`: one JSON document in, one out; progress on stderr."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from sage_edge.host import command_table
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke

MOST_REQUEST_BYTES = 32 << 20
"""The longest request carries a release's files or a model's listing."""

_BY_ITSELF = ("recover",)
"""Verbs that the board calls at boot or by timer: nobody sends them a document."""


def main(words: Sequence[str]) -> int:
    """Answer one question; return the exit status."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the link may be lost; what was begun is finished or taken back
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored by whoever started us, a child's failure would read as 0
    helper = _own_digest()
    try:
        verb, request = _asked(words)
        context = command_table.real(Places(), helper, _log)
        document: dict[str, object] = {
            "helper": helper,
            "ok": True,
            "result": command_table.answer(context, verb, request),
        }
        code = ExitStatus.OK
    except Refusal as refused:
        document, code = {"helper": helper, "ok": False, "error": refused.as_json()}, refused.code
    except OSError as failed:  # a full disk, a missing right: the board's state is what the journal says
        refusal = board_failed(failed)
        document, code = {"helper": helper, "ok": False, "error": refusal.as_json()}, refusal.code
    with contextlib.suppress(OSError):  # nobody may be there any more to read it
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return code


def board_failed(failed: OSError) -> Refusal:
    """Return what the board's own system refused, in words and with the path."""
    where = f" {failed.filename}" if failed.filename else ""
    what = f"the board's system refuses{where}: {failed.strerror or failed}"
    return Refusal("board-failed", what, "see what is so there: ", invoke("verify", host=HOST, quick=True))


def _asked(words: Sequence[str]) -> tuple[str, dict[str, object]]:
    if not words:
        raise Refusal(
            "usage",
            f"expected one of {', '.join(sorted(command_table.VERBS))}",
            "sage-host probe </dev/null",
            code=ExitStatus.USAGE,
        )
    if words[0] in _BY_ITSELF and len(words) > 1:
        return words[0], {"because": words[1].removeprefix("--because=")}
    content = sys.stdin.buffer.read(MOST_REQUEST_BYTES + 1)
    try:
        request = json.loads(content) if content.strip() else {}
    except ValueError:
        request = None
    if not isinstance(request, dict) or len(content) > MOST_REQUEST_BYTES:
        most = f"one JSON object of at most {MOST_REQUEST_BYTES >> 20} MiB"
        example = f"echo '{{}}' | sage-host {words[0]}"
        raise Refusal("usage", f"expected {most} on stdin", example, code=ExitStatus.USAGE)
    return words[0], request


def _log(line: str) -> None:
    with contextlib.suppress(OSError):  # a lost link must not stop what was begun
        sys.stderr.write(f"{line}\n")  # progress; the result alone goes to stdout
        sys.stderr.flush()


def _own_digest() -> str:
    """The first 12 hex digits of the packed helper's sha256; `unpacked` where it runs from a source tree."""
    packed = Path(sys.argv[0])
    return (
        hashlib.sha256(packed.read_bytes()).hexdigest()[:12]
        if packed.is_file() and packed.suffix != ".py"
        else "unpacked"
    )


def leave(code: int) -> NoReturn:
    """End at once: the interpreter would try to flush streams that may be closed, and takes ten milliseconds for it."""
    os._exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
