"""One kind of board: what must be measured on a machine before it counts as one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from sage_edge.declared import Declared
from sage_edge.names import Name, Slug


class L4TVersion(Name):
    """A Jetson Linux release: 36, 36.4 or 36.4.7."""

    grammar = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
    expected = "a Jetson Linux release like '36.4', in quotes"

    @property
    def parts(self) -> tuple[int, ...]:
        """The numbers in order, as releases compare."""
        return tuple(map(int, self.split(".")))


class L4TRange(Declared):
    """Jetson Linux releases: `from` is in it, `below` is not."""

    since: L4TVersion = Field(alias="from")
    below: L4TVersion

    @field_validator("below")
    @classmethod
    def _not_empty(cls, below: L4TVersion, info: ValidationInfo) -> L4TVersion:
        since = info.data.get("since")
        if since is not None and below.parts <= since.parts:
            raise ValueError(f"expected a release after from ({since}), got '{below}'")
        return below

    def holds(self, release: L4TVersion) -> bool:
        return self.since.parts <= release.parts < self.below.parts

    def __str__(self) -> str:
        return f"{self.since} up to, not including, {self.below}"


class Board(Declared):
    """What a machine must show to count as this board. Every fact named here must be found, except the part number.

    soc () : must not be a Tegra · models (): not looked at · part_numbers: may be absent, must not contradict
    l4t None: must have no Jetson Linux release file · memory_bytes: least MemTotal of /proc/meminfo
    compute_capability: of the GPU, like "8.7"; proven in the container, not here
    clock: `kept` by the board itself, over the network, for it has no battery; `battery`: it stands right without one;
    or `shared` with the machine that it is a container on
    source: where these facts come from
    """

    format: Literal[1]
    name: Slug
    summary: str
    arch: tuple[Literal["aarch64", "x86_64"], ...] = Field(min_length=1)
    soc: tuple[str, ...]
    models: tuple[str, ...]
    part_numbers: tuple[str, ...] = ()
    l4t: L4TRange | None
    memory_bytes: Annotated[int, Field(ge=1, strict=True)]
    compute_capability: str | None
    clock: Literal["kept", "battery", "shared"] = "kept"
    source: str
