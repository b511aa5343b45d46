"""Every way in which serving cannot begin.

SageError
└── ServeError                                                                      1
    ├── NothingServed(host)         its declaration has no `serve`                  2
    ├── ServeTokenMissing(path)                                                          3
    ├── ServeTokenUnusable(path, why)    no token, or others could read it               3
    ├── CertificateMissing(address) beyond loopback nothing is served in the clear  3
    ├── CertificateUnusable(path)                                                   3
    ├── AddressTaken(address, port)                                                 1
    └── ServerFailed(model, why)    the model's server did not come up              1
"""

from __future__ import annotations

from pathlib import Path

from sage_edge import sanitize
from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import sage


class ServeError(SageError):
    """A model cannot be served."""


class NothingServed(ServeError):
    """The host's declaration names nothing to serve."""

    code = ExitCode.USAGE

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"{host} is declared to serve nothing",
            hint=(f"write serve: with kind and model into fleet/hosts/{host}.yaml, then: ", sage("fleet check")),
        )


class ServeTokenMissing(ServeError):
    """There is no token that would open the gateway."""

    code = ExitCode.REFUSED

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"there is no token at {path}, and nobody is served without one", hint=sage("serve token"))


class ServeTokenUnusable(ServeError):
    """What lies there is no token, or others could read it."""

    code = ExitCode.REFUSED

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"the token at {path} {why}", hint=("remove it, then: ", sage("serve token")))


class CertificateMissing(ServeError):
    """The address is not loopback, and no certificate is there."""

    code = ExitCode.REFUSED

    def __init__(self, address: str, path: Path) -> None:
        self.address, self.path = address, path
        super().__init__(
            f"beyond this machine nothing is served in the clear: for {address} there is no {path}",
            hint="put certificate and key there as cert.pem and key.pem, or leave out serve.address in the host's file",
        )


class CertificateUnusable(ServeError):
    """Certificate and key do not make a TLS server."""

    code = ExitCode.REFUSED

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(
            f"{path} and the key beside it cannot be used: {sanitize.one_line(why)}",
            hint="put a certificate in PEM and its own key there, readable by nobody else",
        )


class AddressTaken(ServeError):
    """The gateway cannot take connections where it should."""

    def __init__(self, address: str, port: int, why: str) -> None:
        self.address, self.port = address, port
        super().__init__(
            f"nothing can be served at {address}, port {port}: {why}",
            hint="end what listens there, or change serve.port or serve.address in the host's file",
        )


class ServerFailed(ServeError):
    """The model's server did not come up. why: what it said last."""

    def __init__(self, model: str, why: str) -> None:
        self.model, self.why = model, why
        super().__init__(
            f"the server of {model} did not come up: {sanitize.one_line(why)[-600:]}",
            hint=("see what this machine can do: ", sage("doctor")),
        )
