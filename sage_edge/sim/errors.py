"""What stand-in boards can refuse; what Docker itself refuses is a DockerError of `image.errors`.

SageError
└── SimError                                                exit code
    ├── PortTaken(host, port)    another program is there   5
    └── DiskTooSmall(folder)                                3
"""

from __future__ import annotations

from pathlib import Path

from sage_edge import sizes
from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import invoke

ANEW = (invoke("sim.down"), " && ", invoke("sim.up"))
"""How all stand-ins are made anew."""


class SimError(SageError):
    """The stand-in boards could not be brought to what was asked."""


class PortTaken(SimError):
    """Something else listens where a stand-in's sshd belongs."""

    code = ExitCode.LOCKED

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"port {port} of this machine, where {host}'s sshd belongs, is in use by something else",
            hint=(f"end what listens there (ss -ltnp 'sport = :{port}'), or make the stand-ins anew: ", *ANEW),
        )


class DiskTooSmall(SimError):
    """The engine's disk has no room for what was asked."""

    code = ExitCode.REFUSED

    def __init__(self, folder: Path, needs_bytes: int, free_bytes: int) -> None:
        self.folder, self.needs_bytes, self.free_bytes = folder, needs_bytes, free_bytes
        super().__init__(
            f"{folder} has {sizes.text(free_bytes)} free, the stand-in boards need {sizes.text(needs_bytes)}",
            hint=("make room, e.g. docker system prune; then: ", invoke("sim.up")),
        )
