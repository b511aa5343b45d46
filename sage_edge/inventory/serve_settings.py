"""What a host serves to the others: one model, its server, and the gateway before it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from sage_edge.declared import Declared
from sage_edge.names import ModelRef

LOOPBACK, PORT = "127.0.0.1", 8080
_UPSTREAM = re.compile(r"http://[a-z0-9][a-z0-9.-]{0,252}:[0-9]{1,5}")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            f"expected the IP address of one of its own interfaces, like {LOOPBACK}, got {text!r}"
        ) from None


def _upstream(text: str) -> str:
    if not _UPSTREAM.fullmatch(text):
        raise ValueError(f"expected an address like http://omni:8000, got {text!r}")
    return text


class ServeSettings(Declared):
    """One model behind one gateway.

    kind: `llamacpp-server`: llama.cpp's own server, started by the gateway as its child; `vllm`: one that runs beside
    it already, by a profile of compose, at `upstream`. address: where the gateway takes connections; beyond loopback
    only with TLS. queue: how many requests wait while one is computed; the others are told to come again. body_bytes:
    the longest question. answer_s: the longest answer, in seconds. threads None: as many as the server likes;
    gpu_layers -1: all of them.
    """

    kind: Literal["llamacpp-server", "vllm"]
    model: ModelRef
    address: Annotated[str, AfterValidator(_address)] = LOOPBACK
    port: int = Field(default=PORT, ge=1024, le=65_535)
    queue: int = Field(default=16, ge=0, le=1024)
    body_bytes: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    answer_s: int = Field(default=600, ge=1, le=86_400)
    context_tokens: int = Field(default=4096, ge=512, le=131_072)
    threads: Annotated[int, Field(ge=1)] | None = None
    gpu_layers: int = Field(default=0, ge=-1)
    upstream: Annotated[str, AfterValidator(_upstream)] | None = None

    @model_validator(mode="after")
    def _one_server(self) -> Self:
        if (self.kind == "vllm") != (self.upstream is not None):
            raise ValueError("upstream is for the kind vllm, which needs it: the address at which vLLM answers")
        return self

    def at(self, address: str) -> Self:
        """Return the same at another address of this machine. Raises ValueError for what is none."""
        return self.model_copy(update={"address": _address(address)})

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return ipaddress.ip_address(self.address).is_loopback
