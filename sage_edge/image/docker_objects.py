"""What is known of an engine, its images and containers, and a container as it is to be created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge.names import Digest


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself. arch: like x86_64; root: where it keeps images and volumes."""

    version: str
    arch: str
    root: Path


@dataclass(frozen=True)
class StoredImage:
    """An image that the engine has. bytes: unpacked; arch: like amd64."""

    id: Digest
    bytes: int
    arch: str = "unknown"


@dataclass(frozen=True)
class EngineContainer:
    """A container, running or not. state: Docker's word, like `running`; image: as it was named when it was created."""

    name: str
    state: str
    image: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class NewContainer:
    """A container to create. words: instead of the image's command; alias: its name in `network`.

    ports: inside → on 127.0.0.1. volumes: folders that get an anonymous volume. rights: HostConfig of Docker's API.
    """

    name: str
    image: str
    network: str
    alias: str
    words: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    rights: Mapping[str, object] = field(default_factory=dict)
