"""An image that was built on this workstation, and the refusal where there is none."""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.names import Digest, HostName
from sage_edge.remote.errors import DeployError


class NotBuilt(DeployError):
    """There is no image for a host."""

    def __init__(self, host: HostName, folder: str) -> None:
        self.host = host
        super().__init__(f"no image of images/{folder} has been built here", hint=f"invoke image.build --host {host}")


@dataclass(frozen=True)
class BuiltImage:
    """A built image, as its build wrote it down.

    name: its folder below images/. platform: `l4t` or `cpu`. bytes: unpacked. model: what it carries, if anything.
    """

    id: Digest
    name: str
    tag: str
    role: str
    board: str
    platform: str
    bytes: int
    model: str | None
