"""Marks of one scorer about one session as bytes, and back.

    crc32 u32 | quantities: for each of the scorer's, in its order, n u16 | turns: for each with n > 0, n times u16,
    none if they are those of the one before it: then the highest bit of its n is set | values: all of them, f64

In the machine's own byte order: a cache stays where it was made. The checksum is taken over the rest and over what the
bytes belong to, so a cache that was damaged or mixed up is found out before a number of it is believed.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from collections.abc import Iterable, Mapping

from sage_edge.scorers.base import Kind, Mark, Marks

_CRC = struct.Struct("<I")
_SAME_TURNS = 1 << 15


class Damaged(Exception):
    """The cache does not hold what was once put into it."""


def sealed(payload: bytes, *belongs_to: bytes) -> bytes:
    """Return a payload behind its checksum."""
    return _CRC.pack(_crc(payload, belongs_to)) + payload


def opened(kept: object, *belongs_to: bytes) -> bytes:
    """Return what `sealed` was given. Raises Damaged."""
    if not isinstance(kept, bytes) or len(kept) < _CRC.size:
        raise Damaged(belongs_to)
    payload = kept[_CRC.size :]
    if _CRC.unpack_from(kept)[0] != _crc(payload, belongs_to):
        raise Damaged(belongs_to)
    return payload


def _crc(payload: bytes, belongs_to: Iterable[bytes]) -> int:
    state = 0
    for piece in belongs_to:
        state = zlib.crc32(piece, state)
    return zlib.crc32(payload, state)


def packed(marks: Marks, quantities: Mapping[str, Kind]) -> bytes:
    """Return marks as bytes, without a checksum.

    Raises ValueError, which names the quantity, for a number that is not in [0, 1] or a rate that is neither 0 nor 1.
    """
    counts: list[int] = []
    turns: list[int] = []
    values: list[float] = []
    last: tuple[int, ...] = ()
    for quantity, kind in quantities.items():
        given = marks.get(quantity)
        if not given:
            counts.append(0)
            continue
        of, numbers = zip(*given, strict=True)
        if kind == "rate" and not _BITS.issuperset(numbers):
            raise ValueError(f"{quantity} is neither 0 nor 1")
        values += numbers
        if of == last:
            counts.append(len(of) | _SAME_TURNS)
        else:
            counts.append(len(of))
            turns += of
            last = of
    # min and max may pass over a NaN, the sum does not
    if values and not (min(values) >= 0 and max(values) <= 1 and not math.isnan(sum(values))):
        wrong = next(name for name in quantities if not all(0 <= one.value <= 1 for one in marks.get(name, ())))
        raise ValueError(f"{wrong} is not between 0 and 1")
    return array("H", counts + turns).tobytes() + array("d", values).tobytes()


_BITS = frozenset((0, 1))


def unpacked(payload: bytes, place: int, of: int) -> tuple[Mark, ...]:
    """Return the marks of the quantity at a place, from 0, of so many quantities. The payload is known to be whole."""
    counts = struct.unpack_from(f"={of}H", payload)
    size = [count & ~_SAME_TURNS for count in counts]
    own = [n if count == n else 0 for count, n in zip(counts, size, strict=True)]
    n = size[place]
    if n == 0:
        return ()
    source = max(at for at in range(place + 1) if own[at])
    turns = struct.unpack_from(f"={n}H", payload, 2 * (of + sum(own[:source])))
    values = struct.unpack_from(f"={n}d", payload, 2 * (of + sum(own)) + 8 * sum(size[:place]))
    return tuple(map(Mark, turns, values))
