"""The workstation's Docker engine by Docker's own SDK: the one door to it for images, transport and stand-in boards.

Which engine it is says DOCKER_HOST, else DOCKER_CONTEXT or the current `docker context`, else there is the socket of
this machine: as the docker command chooses, which alone builds images (`buildx`) and so builds them in the same engine.
The SDK is loaded when an engine is asked and not with this module: that takes 80 ms.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sage_edge import shell
from sage_edge.errors import CommandFailed
from sage_edge.hints import Hint
from sage_edge.image import docker_streams
from sage_edge.image.docker_objects import EngineContainer, EngineInfo, NewContainer, StoredImage
from sage_edge.image.errors import DockerError, EngineRefused, EngineTooOld, NoAccess, NoEngine
from sage_edge.names import Digest
from sage_edge.shell import Command, Result

if TYPE_CHECKING:
    from docker import APIClient

OLDEST = (24, 0)
"""Builds name contexts, which 23.0 can, and date layers, which 24.0 can. A board, which only runs, may be older."""

ANSWER_S, TRANSFER_S = 20.0, 3600.0
"""How long the engine may be silent: after a question, and while images move."""

_CHUNK_BYTES = 1 << 20


@contextlib.contextmanager
def connect() -> Iterator[DockerClient]:
    """Yield the engine that answers, for the body. Raises NoEngine, NoAccess."""
    import docker.errors
    import docker.utils

    address = "DOCKER_HOST"
    try:
        choice: dict[str, Any] = {**docker.utils.kwargs_from_env()}
        if "base_url" not in choice:
            choice = {**docker.ContextAPI.kwargs_from_context(), **choice}
        if "base_url" not in choice:  # the SDK would take the engine of this machine, the docker command refuses
            raise NoEngine("the current docker context is not there; see: docker context ls")
        address = choice["base_url"]
        _knock(address)
        client = docker.APIClient(**choice, version="auto", timeout=int(ANSWER_S), use_ssh_client=True)
    except (docker.errors.DockerException, OSError) as silent:
        raise _unreachable(address, silent) from None
    with contextlib.closing(client):
        yield DockerClient(client)


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at a socket of this machine; the SDK would leave that open for a while."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_S)
            line.connect(address.removeprefix("unix://"))


class DockerClient:
    """An engine that has answered. Every method raises EngineRefused with its words, NoEngine when it is gone."""

    def __init__(self, client: APIClient) -> None:
        self._client = client

    @cached_property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        with _asking("docker info"):
            info = self._client.info()
        return EngineInfo(str(info["ServerVersion"]), str(info["Architecture"]), Path(info["DockerRootDir"]))

    def require_builder(self) -> None:
        """Raise EngineTooOld, or NoEngine without the docker command, unless our images can be built here."""
        number = re.match(r"(\d+)\.(\d+)", self.info.version)
        if number and (int(number[1]), int(number[2])) < OLDEST:
            raise EngineTooOld(self.info.version[:40], ".".join(map(str, OLDEST)))
        if shutil.which("docker") is None:
            raise NoEngine("its command line, docker, which builds images, is not installed")

    # --- images

    def image(self, name: str) -> StoredImage | None:
        """Return the image of a name or id; None where the engine has none."""
        import docker.errors

        with _asking(f"docker image inspect {name}"), contextlib.suppress(docker.errors.NotFound):
            image = self._client.inspect_image(name)  # type: ignore[no-untyped-call]
            return StoredImage(Digest(image["Id"]), int(image["Size"]), str(image.get("Architecture") or "unknown"))
        return None

    def images(self, pattern: str) -> frozenset[str]:
        """Return the ids of all images whose name fits a pattern like `sage-sim-*`."""
        with _asking("docker images"):
            return frozenset(image["Id"] for image in self._client.images(filters={"reference": pattern}))

    def pull(self, name: str) -> None:
        """Get an image from its registry."""
        with _asking(f"docker pull {name}"), self._patient(TRANSFER_S):
            _follow(self._client.pull(name, stream=True, decode=True))

    def tag(self, image: str, name: str) -> None:
        """Give an image one more name, like `127.0.0.1:5000/sage/sprout:0a1b`."""
        repository, _, tag = name.rpartition(":")
        with _asking(f"docker tag {image}"):
            self._client.tag(image, repository, tag)

    def untag(self, name: str) -> None:
        """Take a name from an image, which stays, also under its layers' own; nothing where there is none."""
        with contextlib.suppress(EngineRefused), _asking(f"docker rmi {name}"):
            self._client.remove_image(name, noprune=True)

    def remove_image(self, image: str) -> None:
        """Remove an image with all of its names."""
        with _asking(f"docker rmi {image}"):
            self._client.remove_image(image, force=True)

    def push(self, name: str, *, hint: Hint = "") -> None:
        """Push an image to the registry that its name begins with, with the credentials of `docker login`.

        hint: what to do when the registry does not take it.
        """
        with _asking(f"docker push {name}", hint), self._patient(TRANSFER_S):
            _follow(self._client.push(name, stream=True, decode=True))

    def saved(self, image: str) -> IO[bytes]:
        """Return a stream of an image as a tar file, as `docker load` takes it; it ends with this connection."""
        if self.image(image) is None:
            raise EngineRefused(f"docker save {image}", "the image is not here", hint="docker images")
        return io.BufferedReader(docker_streams.ChunkedFile(self._saved(image)), _CHUNK_BYTES)

    def _saved(self, image: str) -> Iterator[bytes]:
        with _asking(f"docker save {image}"), self._patient(TRANSFER_S):
            yield from self._client.get_image(image, _CHUNK_BYTES)

    def load(self, tar: Iterator[bytes]) -> None:
        """Take in an image from the pieces of a tar file, under the name that it says."""
        with _asking("docker load"), self._patient(TRANSFER_S):
            _follow(self._client.load_image(tar))  # type: ignore[no-untyped-call]

    def discard(self, image: str) -> None:
        """Remove an image that has no name; one that a container runs stays."""
        with contextlib.suppress(EngineRefused), _asking(f"docker rmi {image}"):
            self._client.remove_image(image)

    def import_root(self, tar: Path, name: str, command: Sequence[str]) -> None:
        """Make an image of the root file system in a tar file; command: what a container of it runs."""
        repository, _, tag = name.rpartition(":")
        words = ", ".join(f'"{word}"' for word in command)
        with _asking(f"docker import {tar}"):
            self._client.import_image_from_file(str(tar), repository, tag, changes=[f"CMD [{words}]"])

    def distribution(self, name: str) -> tuple[Digest, frozenset[tuple[str, str]]]:
        """Return which bytes a registry says a name means, and the (system, processor) pairs that it is there for."""
        with _asking(f"docker manifest inspect {name}"), self._patient(3 * ANSWER_S):
            answer = self._client.inspect_distribution(name)  # type: ignore[no-untyped-call]
        platforms = answer.get("Platforms") or ()
        return Digest(answer["Descriptor"]["digest"]), frozenset((p["os"], p["architecture"]) for p in platforms)

    # --- containers

    def run_confined(
        self,
        image: str,
        *words: str,
        tmpfs: Mapping[str, str] | None = None,
        read: Mapping[Path, str] | None = None,
        timeout_s: float = TRANSFER_S,
        most_bytes: int = 64 << 20,
    ) -> Result:
        """Run words in a container without network or rights that can write nothing but `tmpfs`; then remove it.

        tmpfs: folder inside → options. read: folder here → where it is inside. An image that is not here is pulled.
        Raises EngineRefused for words that print more than most_bytes.
        """
        rights: dict[str, object] = {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "Tmpfs": dict(tmpfs or {}),
            "Binds": [f"{here}:{inside}:ro" for here, inside in (read or {}).items()],
        }
        if self.image(image) is None:
            self.pull(image)
        with _asking(f"docker run {image}"):
            name = self._client.create_container(
                image, list(words[1:]), entrypoint=[words[0]], host_config=rights, use_config_proxy=False
            )["Id"]
            try:
                self._client.start(name)
                code = self._client.wait(name, timeout=int(timeout_s))["StatusCode"]
                output, complaint = (self._printed(name, which, most_bytes) for which in ("stdout", "stderr"))
                return Result(int(code), output, complaint)
            except OSError as late:
                return _late(late)
            finally:
                self._client.remove_container(name, force=True, v=True)

    def _printed(self, container: str, stream: str, most_bytes: int) -> bytes:
        wanted = {"stdout": stream == "stdout", "stderr": stream == "stderr"}
        kept = bytearray()
        pieces = self._client.logs(container, **wanted, stream=True, follow=False)
        # closing the stream alone shuts its socket down and leaves it open
        with contextlib.closing(pieces._response), contextlib.closing(pieces):  # type: ignore[attr-defined]
            for piece in pieces:
                kept += piece
                if len(kept) > most_bytes:
                    raise EngineRefused("docker logs", f"its {stream} has more than {most_bytes} bytes")
        return bytes(kept)

    def containers(self, label: str) -> tuple[EngineContainer, ...]:
        """Return every container with a label, like `a` or `a=b`, running or not."""
        with _asking("docker ps"):
            rows = self._client.containers(all=True, filters={"label": label})
        return tuple(
            EngineContainer((r["Names"] or ["?"])[0].lstrip("/"), r["State"], r["Image"], dict(r["Labels"]))
            for r in rows
        )

    def create(self, new: NewContainer) -> None:
        """Create a container; it is not started."""
        bindings = {f"{inside}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(at)}] for inside, at in new.ports.items()}
        with _asking(f"docker create {new.name}"):
            self._client.create_container(
                new.image,
                list(new.words) or None,
                hostname=new.alias,
                name=new.name,
                labels=dict(new.labels),
                ports=list(new.ports),
                volumes=list(new.volumes),
                use_config_proxy=False,
                host_config={**new.rights, "NetworkMode": new.network, "PortBindings": bindings},
                networking_config={"EndpointsConfig": {new.network: {"Aliases": [new.alias]}}},
            )

    def start(self, container: str) -> None:
        """Start a container that is there."""
        with _asking(f"docker start {container}"), self._patient(6 * ANSWER_S):
            self._client.start(container)

    def restart(self, container: str) -> None:
        """Stop a container and start it again."""
        with _asking(f"docker restart {container}"), self._patient(6 * ANSWER_S):
            self._client.restart(container)

    def remove(self, container: str) -> None:
        """Kill a container and remove it with its anonymous volumes."""
        with _asking(f"docker rm {container}"), self._patient(6 * ANSWER_S):
            self._client.remove_container(container, force=True, v=True)

    def execute(self, container: str, *words: str, timeout_s: float = 6 * ANSWER_S) -> Result:
        """Run words as root in a running container; timeout_s: how long it may be silent.

        The SDK's own exec asks for an upgraded connection and reads past what it has buffered of the answer, so that
        output is lost now and then (3 of 150 on a busy machine); a plain answer ends with the words.
        """
        with _asking(f"docker exec {container}"):
            call = self._client.exec_create(container, list(words))["Id"]
            place = f"{self._client.base_url}/v{self._client.api_version}/exec/{call}/start"
            try:
                with self._client.post(place, json={"Tty": False, "Detach": False}, timeout=timeout_s) as answer:
                    out, err = docker_streams.outputs(answer.content)
            except OSError as late:
                return _late(late)
            if not answer.ok:
                raise EngineRefused(f"docker exec {container}", answer.text.strip()[-300:])
            return Result(int(self._client.exec_inspect(call)["ExitCode"] or 0), out, err)

    def put(self, container: str, tar: bytes) -> None:
        """Unpack a tar file at a container's root, with the owners and rights that it names."""
        with _asking(f"docker cp {container}"):
            self._client.put_archive(container, "/", tar)

    def last_lines(self, container: str, count: int) -> str:
        """Return the end of what a container has printed."""
        with _asking(f"docker logs {container}"):
            return self._client.logs(container, tail=count).decode("utf-8", "replace").strip()

    # --- networks

    def has_network(self, name: str) -> bool:
        """Whether there is a network of that name."""
        with _asking("docker network ls"):
            return any(network["Name"] == name for network in self._client.networks(names=[name]))

    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a network of containers."""
        with _asking(f"docker network create {name}"):
            self._client.create_network(name, labels=dict(labels))

    def remove_network(self, name: str) -> None:
        """Remove a network that no container is in."""
        with _asking(f"docker network rm {name}"):
            self._client.remove_network(name)

    @contextlib.contextmanager
    def _patient(self, silence_s: float) -> Iterator[None]:
        """Let the engine be silent for so long in the body."""
        before, self._client.timeout = self._client.timeout, int(silence_s)
        try:
            yield
        finally:
            self._client.timeout = before


def buildx(*words: str, timeout_s: float) -> Result:
    """Run `docker buildx build --load WORDS`, which the SDK cannot, and return whatever happened. Raises NoEngine."""
    try:
        return shell.attempt(Command(("docker", "buildx", "build", "--load", *words), timeout_s=timeout_s))
    except CommandFailed as absent:
        raise NoEngine(absent.output) from None


@contextlib.contextmanager
def _asking(what: str, hint: Hint = "") -> Iterator[None]:
    """Turn what the SDK raises in the body into our errors. what: the docker command that does the same."""
    import docker.errors

    try:
        yield
    except docker.errors.APIError as refused:
        raise EngineRefused(what, str(refused.explanation or refused).strip()[-300:], hint=hint) from None
    except docker.errors.DockerException as refused:
        raise EngineRefused(what, str(refused)[-300:], hint=hint) from None
    except OSError as lost:
        raise _unreachable(what, lost) from None


def _late(error: OSError) -> Result:
    """Return what a command that ran past its time leaves behind, as `shell` does; any other error is raised again."""
    if "timed out" not in str(error).lower():
        raise error
    return Result(124, b"", b"no end within its time")


def _unreachable(what: str, error: BaseException) -> DockerError:
    causes = tuple(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return NoAccess()
    why = next((cause.strerror for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror), None)
    return NoEngine(f"{what}: {why or causes[-1]}"[:300])


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and every one that it came from: libraries wrap them as causes, as contexts and as arguments."""
    waiting, seen = [error], set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            related = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
            waiting += [other for other in related if isinstance(other, BaseException)]


def _follow(events: Iterable[Mapping[str, Any]]) -> None:
    """Wait for the end of a transfer, whose failures are events like its progress."""
    import docker.errors

    errors = [event["error"] for event in events if "error" in event]  # to the end, or the connection stays open
    if errors:
        raise docker.errors.DockerException(errors[-1])
