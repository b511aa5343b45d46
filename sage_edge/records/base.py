"""What all records share: frozen fields, canonical bytes, one digest.

Canonical JSON: UTF-8, keys sorted, no spaces, no NaN; times in UTC with offset and milliseconds.
Files in git hold the same content indented by one space (a readable diff), ended by a newline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, PlainSerializer, ValidationError

from sage_edge import clock, files
from sage_edge.names import Digest


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with offset, got {moment.isoformat()}")
    if moment.utcoffset():
        try:
            moment = moment.astimezone(timezone.utc)
        except OverflowError:
            raise ValueError(f"expected a time between the years 1 and 9999, got {moment.isoformat()}") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=timezone.utc)


Moment = Annotated[datetime, AfterValidator(_utc), PlainSerializer(clock.text, return_type=str)]
"""A moment in UTC, to the millisecond."""


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(dumped: Mapping[str, JsonValue]) -> bytes:
    """The canonical bytes of a record that was dumped as JSON."""
    return _canonical(dumped).encode("utf-8", "strict")


class Record(BaseModel):
    """A frozen paper. Unknown keys are refused; numbers must be finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def canonical(self) -> bytes:
        """The one byte string that stands for this content."""
        return canonical(self.model_dump(mode="json"))

    def fingerprint(self) -> Digest:
        """SHA-256 over the canonical bytes."""
        return files.digest(self.canonical())

    def pretty(self) -> bytes:
        """The bytes of the record's file."""
        dumped = self.model_dump(mode="json")
        return (json.dumps(dumped, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


R = TypeVar("R", bound=Record)


def parse(kind: type[R], data: bytes | str) -> R:
    """Return the record that some JSON holds. Raises ValueError, in one line, if it holds none."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"no {kind.__name__.lower()}: {place}: {first['msg']}") from None
