"""What a board is asked to run, by content: equal inputs are the same release.

    release.json    format 1, canonical JSON; its sha256 is the release's id, whose first 12 hex digits name its folder
    {"format": 1, "host": "sprout", "role": "practitioner", "board": "orin-nano", "overlay": null,
     "image": "sha256:…", "models": {"sage/seedling:q8_0": "sha256:…"}, "fleet": "sha256:…", "compose": "sha256:…",
     "revision": "0a1b2c3d4e5f-dirty"}

`revision` is the commit that the image was built from, as its label says; `-dirty` where the tree was changed since. It
is absent where nobody named it, as in older releases. `fleet` is the digest over the declarations that concern the
host, as they are understood (`deploy.host_declarations`), `compose` over what its compose files say; in older releases
both are over the files' texts.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

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
    revision: str | None = Field(default=None, pattern=r"^(unknown|[0-9a-f]{12}(-dirty)?)$")

    @model_serializer(mode="wrap")
    def _as_it_was_named(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a revision that nobody named: older releases lack the key, and keep their ids."""
        dumped: dict[str, Any] = dump(self)
        return dumped if self.revision is not None else {key: dumped[key] for key in dumped if key != "revision"}

    @property
    def id(self) -> Digest:
        """The release's name: SHA-256 over its canonical bytes."""
        return self.fingerprint()
