"""What a board is asked to run, by content: equal inputs are the same release.

    release.json    format 1, canonical JSON; its sha256 is the release's id, whose first 12 hex digits name its folder
    {"format": 1, "host": "sprout", "role": "practitioner", "board": "orin-nano", "overlay": null,
     "image": "sha256:…", "models": {"sage/seedling:q8_0": "sha256:…"}, "fleet": "sha256:…", "compose": "sha256:…"}

`fleet` is the digest over every declaration that the container sees, the curriculum among them.
"""

from __future__ import annotations

from typing import Literal

from sage_edge.names import Digest, HostName, ModelRef, RoleName, Slug
from sage_edge.records.base import Record


class Release(Record):
    """One release for one host. image: the image's id, which is the same after a registry and after save and load."""

    format: Literal[1] = 1
    host: HostName
    role: RoleName
    board: Slug
    overlay: Slug | None
    image: Digest
    models: dict[ModelRef, Digest]
    fleet: Digest
    compose: Digest

    @property
    def id(self) -> Digest:
        """The release's name: SHA-256 over its canonical bytes."""
        return self.fingerprint()
