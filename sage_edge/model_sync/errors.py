"""What copying a model refuses, beside what `models` and `remote` do.

DeployError
├── NoRsync(where)                 a copy needs rsync on both ends    1
├── NotThere(ref, host)            the source does not have it        1
├── UnreadableStore(host, why)     its helper's answer makes no sense 1
└── LostFiles(ref, host, paths)    gone while they were copied        1
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.hints import invoke, sage
from sage_edge.names import HostName, ModelRef
from sage_edge.remote.errors import DeployError


class NoRsync(DeployError):
    """A copy needs rsync on both ends. host None: this machine."""

    def __init__(self, host: HostName | None) -> None:
        self.host = host
        super().__init__(
            f"rsync is not installed on {host or 'this machine'}",
            hint=invoke("provision", host=host) if host else "on this machine: apt-get install rsync",
        )


class NotThere(DeployError, LookupError):
    """The board that a model was to be copied from does not have it."""

    def __init__(self, ref: ModelRef, host: HostName) -> None:
        self.ref, self.host = ref, host
        super().__init__(
            f"no model named {ref} is in the store of {host}", hint=(f"see on {host} what is: ", sage("model list"))
        )


class UnreadableStore(DeployError):
    """What a board says of its model store is damaged or no answer."""

    def __init__(self, host: HostName, why: str) -> None:
        self.host = host
        super().__init__(
            f"the model store of {host} cannot be read: {why}", hint=(f"look at it on {host}: ", sage("model list"))
        )


class LostFiles(DeployError):
    """Files that had arrived were gone when the board looked at them."""

    def __init__(self, ref: ModelRef, host: HostName, paths: Sequence[str]) -> None:
        self.ref, self.host, self.paths = ref, host, tuple(paths)
        super().__init__(
            f"{host} lost {', '.join(paths)} of {ref} while it was copied", hint="start again: nothing is sent twice"
        )
