"""The door to pyarrow: rows and marks into Parquet files, row group by row group, and never a whole table in memory.

pyarrow packs and writes beside us, in a thread of its own: one group at most is on its way there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from sage_edge.analysis.dataset.columns import TABLES, Column, ColumnType
from sage_edge.analysis.dataset.mark_columns import MarkColumns
from sage_edge.analysis.dataset.session_rows import TableRow

_TYPES: Mapping[ColumnType, Any] = {
    "text": pyarrow.string(),
    "texts": pyarrow.list_(pyarrow.string()),
    "integer": pyarrow.int64(),
    "number": pyarrow.float64(),
    "truth": pyarrow.bool_(),
    "time": pyarrow.timestamp("us", tz="UTC"),
}
_COMPRESSION = "zstd"


class WriteQueue:
    """One thread that writes, in the order of the puts. A put waits for the one before, and raises what that raised."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._last: Future[object] | None = None

    def put(self, write: Callable[[], object]) -> None:
        """Begin a write."""
        self.wait()
        self._last = self._thread.submit(write)

    def wait(self) -> None:
        """Return once all is written."""
        last, self._last = self._last, None
        if last is not None:
            last.result()


@dataclass
class TableFile:
    """One table that is being written. rows: how many it has by now."""

    name: str
    writer: Any
    queue: WriteQueue
    rows: int = 0

    def add(self, rows: Sequence[TableRow]) -> None:
        """Write rows as one row group; nothing of none."""
        if rows:
            columns = TABLES[self.name]
            arrays = [
                pyarrow.array(values, type=_TYPES[column.type])
                for column, values in zip(columns, zip(*rows, strict=True), strict=True)
            ]
            self._write(arrays)

    def add_marks(self, marks: MarkColumns) -> None:
        """Write marks as one row group; nothing of none. Only for `measures`."""
        if marks.lengths:
            ends = pyarrow.array(accumulate(marks.lengths), type=pyarrow.int32())
            at = _repeated(marks.name_at, ends)
            scorers, versions, quantities, kinds, definitions = map(list, zip(*marks.names, strict=True))
            self._write(
                [
                    _named(_repeated(marks.session_at, ends), marks.sessions),
                    _named(at, scorers),
                    pyarrow.array(versions, type=pyarrow.int64()).take(at),
                    _named(at, quantities),
                    _named(at, kinds),
                    _named(at, definitions),
                    pyarrow.array(marks.turns, type=pyarrow.int64()),
                    pyarrow.array(marks.values, type=pyarrow.float64()),
                ]
            )

    def _write(self, arrays: Sequence[Any]) -> None:
        names = [column.name for column in TABLES[self.name]]
        batch = pyarrow.Table.from_arrays(list(arrays), names=names)
        self.queue.put(partial(self.writer.write_table, batch, row_group_size=max(1, batch.num_rows)))
        self.rows += batch.num_rows


def _repeated(values: Sequence[int], ends: Any) -> Any:
    """Each value as often as its run is long. ends: for each run the row after it."""
    runs = pyarrow.RunEndEncodedArray.from_arrays(ends, pyarrow.array(values, type=pyarrow.int32()))
    return pyarrow.compute.run_end_decode(runs)


def _named(at: Any, values: Sequence[str]) -> Any:
    """Values by their places, each of them once: a column of few different texts."""
    return pyarrow.DictionaryArray.from_arrays(at, pyarrow.array(values, type=pyarrow.string()))


@contextlib.contextmanager
def tables(folder: Path) -> Iterator[Mapping[str, TableFile]]:
    """Hold a file for each table, below a folder, to be written to; name → table. Raises OSError."""
    with contextlib.ExitStack() as stack:
        writers = {name: stack.enter_context(_writer(folder, name)) for name in TABLES}
        queue = WriteQueue(stack.enter_context(ThreadPoolExecutor(max_workers=1)))
        yield {name: TableFile(name, writer, queue) for name, writer in writers.items()}
        queue.wait()


def path(folder: Path, name: str) -> Path:
    """Return where a table lies."""
    return folder / f"{name}.parquet"


def _writer(folder: Path, name: str) -> Any:
    shape = pyarrow.schema([_field(name, column) for column in TABLES[name]])
    # without the schema of Arrow in it every reader sees plain text, as the data sheet says
    return pyarrow.parquet.ParquetWriter(
        path(folder, name), shape, compression=_COMPRESSION, store_schema=False, use_dictionary=True
    )


def _field(table: str, column: Column) -> Any:
    if table == "measures" and column.type == "text":
        return pyarrow.field(column.name, pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
    return pyarrow.field(column.name, _TYPES[column.type])
