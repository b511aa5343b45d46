"""Opens a GGUF with llama.cpp in a child process with limits, whose crash is a result like any other.

    python -m sage_edge.models.inspect.native_probe FILE      the child: prints the metadata as one JSON object

Only vocabulary and metadata are loaded (`vocab_only`), so it takes tenths of a second whatever the size.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.models.sandbox import SandboxResult, run_limited

_WALL_S, _CPU_S = 60.0, 30.0
_ROOM_BYTES = 3 << 30
_SPOKEN_BYTES = 16 << 20


@dataclass(frozen=True)
class NativeProbe:
    """llama.cpp's answer. `metadata`: its keys as text, empty when it did not open. `why`: one sentence, else empty."""

    outcome: SandboxResult
    metadata: Mapping[str, str]
    why: str

    @property
    def is_good(self) -> bool:
        """Whether llama.cpp opened the file."""
        return not self.why


def probe(
    file: Path, *, wall_s: float = _WALL_S, cpu_s: float = _CPU_S, memory_bytes: int | None = None
) -> NativeProbe:
    """Let llama.cpp open a GGUF within limits; never raises for what the file holds.

    memory_bytes: address space; by default 3 GiB besides twice the file, which is mapped.
    """
    outcome = run_limited(
        (sys.executable, "-m", __name__, str(file.resolve())),
        wall_s=wall_s,
        cpu_s=cpu_s,
        memory_bytes=memory_bytes or _ROOM_BYTES + 2 * file.stat().st_size,
        written_bytes=_SPOKEN_BYTES,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    if not outcome.is_good:
        return NativeProbe(outcome, {}, f"llama.cpp does not open {file.name}: {outcome.why}")
    try:
        metadata = json.loads(outcome.out)
    except ValueError:
        return NativeProbe(outcome, {}, f"llama.cpp said nothing sensible of {file.name}")
    return NativeProbe(outcome, {str(key): str(value) for key, value in metadata.items()}, "")


def main() -> None:
    """The child's part."""
    from sage_edge.models.inspect import gguf_model

    sys.stdout.write(json.dumps(gguf_model.metadata(Path(sys.argv[1]))))
    sys.stdout.flush()
    os._exit(0)  # its own clean-up is of no interest, and has crashed before


if __name__ == "__main__":
    main()
