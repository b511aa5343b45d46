"""Image and models: made for this host, carrying what it says, and the store holding what the release needs."""

from __future__ import annotations

from sage_edge.hints import Hint, invoke, sage
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify.board.facts import DEPLOY, LABEL, BoardCheck, as_set, of_each, of_probe, sha256
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckedThing, HostCheck, once
from sage_edge.verify.provisioned import Things
from sage_edge.verify.wants import FactValue, IfThere, Is, Nothing, Something

BUILD: Hint = (invoke("image.build", host="HOST"), ", then ", DEPLOY)


def _manifest(seen: BoardProbe, ref: str) -> FactValue:
    return sha256(seen.models.get(f"{ref.replace(':', '/')}.json"))


MANIFEST = of_each("manifest", _manifest)


def _labels(at: BoardTarget) -> Things:
    if at.release is not None:
        yield CheckedThing(Is(at.host.role), "sage.role", "role")
        yield CheckedThing(Is("l4t" if at.has_gpu else "cpu"), "sage.platform", "platform")
        if at.has_gpu:  # an image for plain processors is made for no board
            yield CheckedThing(Is(at.host.board), "sage.board", "board")


def _baked_names(at: BoardTarget) -> Things:
    for ref in at.release.models if at.release else ():
        if ref in at.baked:
            yield CheckedThing(Is(ref), "sage.model", "model")


def _baked_weights(at: BoardTarget) -> Things:
    for ref in at.release.models if at.release else ():
        if ref in at.baked:
            digest = at.weights.get(ref)
            wants = Is(digest) if digest else Something("a digest; no copy here to compare it with")
            yield CheckedThing(wants, "sage.model.digest", ref)


def _needed_manifests(at: BoardTarget) -> Things:
    for ref, manifest in at.release.models.items() if at.release else ():
        if ref not in at.baked | at.shipped:
            yield CheckedThing(Is(manifest), ref)


def _other_manifests(at: BoardTarget) -> Things:
    """What the board's store holds besides is what fleet/models.lock names, or is not there."""
    needed = at.release.models.keys() - at.baked if at.release else frozenset()
    for ref, digest in sorted(at.locked.items()) if at.current else ():
        if ref not in needed:
            yield CheckedThing(IfThere(digest), ref)


CHECKS: tuple[BoardCheck, ...] = (
    HostCheck("image's {}", LABEL, _labels, BUILD),
    HostCheck("image's {}", LABEL, _baked_names, BUILD),
    HostCheck("model {}", LABEL, _baked_weights, BUILD),
    HostCheck("model {}", MANIFEST, _needed_manifests, DEPLOY),
    HostCheck(
        "bytes of the models",
        of_probe("blobs", lambda seen: as_set(seen.answer.get("bytes_missing"))),
        once(lambda at: Nothing("all that is listed") if at.current else None),
        (
            invoke("sync", host="HOST", model="REF"),
            ", or on the board: ",
            sage("model verify", deep=True),
        ),
    ),
    HostCheck("manifest of {}", MANIFEST, _other_manifests, invoke("sync", host="HOST", model="REF")),
)
