"""A way up to an image by steps that a board keeps, however often the transfer is cut.

Docker 20.10 drops every layer of a pull that was cut. Beside the image, the registry therefore gets images that hold
the first of its layers, some more, and so on: small documents over the same blobs, under the tag with `-1`, `-2`, … .
A board that pulls them one after the other (host.image_pull) loses at most the step that was under way.

    sage/sprout:0a1b…-1    base
    sage/sprout:0a1b…-2    base, packages
    sage/sprout:0a1b…      base, packages, model, our code
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sage_edge import files
from sage_edge.remote.errors import DeployError

WORTH = 8_000_000
"""A step brings at least so many bytes: each costs the board a pull of a fifth of a second."""

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_KINDS = f"{_MANIFEST}, application/vnd.oci.image.manifest.v1+json"
_FINE = (200, 201, 202)
_ANSWER_S = 60.0


def build(port: int, name: str) -> tuple[str, ...]:
    """Put the steps to an image into the registry on this port; return their names, lowest first, the image last.

    name: like `sage/sprout:0a1b2c3d4e5f`. Raises DeployError when the registry refuses.
    """
    repository, _, tag = name.rpartition(":")
    registry = _Registry(port, repository)
    manifest = registry.document(f"manifests/{tag}")
    config = registry.document(f"blobs/{manifest['config']['digest']}")
    names = []
    for number, count in enumerate(steps([int(layer["size"]) for layer in manifest["layers"]]), start=1):
        part = json.dumps(_first_layers(config, count)).encode()
        registry.keep_blob(part)
        short_config = {**manifest["config"], "digest": files.digest(part), "size": len(part)}
        shorter = {**manifest, "config": short_config, "layers": manifest["layers"][:count]}
        registry.keep_manifest(f"{tag}-{number}", json.dumps(shorter).encode(), str(manifest["mediaType"]))
        names.append(f"{repository}:{tag}-{number}")
    return (*names, name)


def steps(sizes: Sequence[int]) -> Iterator[int]:
    """Yield how many layers each step holds, for layers of these sizes in bytes; all of them is no step."""
    since = 0
    for count, size in enumerate(sizes[:-1], start=1):
        since += size
        if since >= WORTH:
            yield count
            since = 0


def _first_layers(config: Mapping[str, Any], count: int) -> Mapping[str, Any]:
    """The configuration of an image that holds the first layers of another, and does nothing."""
    layers = {"type": "layers", "diff_ids": config["rootfs"]["diff_ids"][:count]}
    return {"architecture": config["architecture"], "os": config["os"], "config": {}, "rootfs": layers}


class _Registry:
    """One repository of a registry on our loopback, over its HTTP interface."""

    def __init__(self, port: int, repository: str) -> None:
        self._port, self._base = port, f"/v2/{repository}/"

    def document(self, place: str) -> dict[str, Any]:
        """Return a manifest or a configuration."""
        return dict(json.loads(self._ask("GET", self._base + place, headers={"Accept": _KINDS})[1]))

    def keep_manifest(self, tag: str, content: bytes, kind: str) -> None:
        """Store a manifest under a tag."""
        self._ask("PUT", f"{self._base}manifests/{tag}", content, {"Content-Type": kind})

    def keep_blob(self, content: bytes) -> None:
        """Store a blob under its digest; one that is there already is stored again."""
        place = self._ask("POST", f"{self._base}blobs/uploads/")[0].split("//", 1)[-1].partition("/")[2]
        joint = "&" if "?" in place else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", f"/{place}{joint}digest={files.digest(content)}", content, headers)

    def _ask(
        self, method: str, place: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[str, bytes]:
        """Return (Location, body) of an answer. Raises DeployError unless it is a good one."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_S)
        try:
            line.request(method, place, body, dict(headers or {}))
            answer = line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as silent:
            raise DeployError(f"our registry does not answer: {silent!r}", hint="the same again") from None
        finally:
            line.close()
        if answer.status not in _FINE:
            why = content.decode("utf-8", "replace")[:200]
            raise DeployError(f"our registry answers {answer.status} to {method} {place}: {why}", hint=_ANEW)
        return str(answer.headers.get("Location", "")), content


_ANEW = "its store can be made anew: rm -r .sage/registry"
