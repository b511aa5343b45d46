"""An image whose layers are written anew: the base's stay, ours follow from what they hold."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from sage_edge.image import repack, saved_image
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import BuildFailed, ImageUnreadable
from tests.image.images import Put, archive, image_id, in_file, layer, saved, sha, traits
from tests.sim.stub import StubEngine

BASE = layer(Put("b", None), Put("b/from", b"somewhere", owner=1000), Put("a", b"base"))
ONE = (layer(Put("n", None, 0o755, date=1), Put("n/x", b"1", date=1)), layer(Put("b/.wh.from", date=1)))
OTHER = (
    layer(Put("n/x", b"1", date=2), Put("n", None, 0o755, date=2), Put("a", b"base", date=3)),
    layer(Put("b", None), Put("b/.wh.from", date=2)),
)
TAG = "sage/sprout:cpu"


def anew(folder: Path, data: bytes) -> bytes:
    """A saved image, written anew."""
    here = in_file(folder, data)
    with saved_image.opened(here) as image:
        return b"".join(image.packed(TAG, repack.written(image, folder)))


def test_two_histories_are_one_image(tmp_path: Path) -> None:
    """Other orders, other dates, a folder in which nothing changed; and what the engine remembers of the build."""
    one = anew(tmp_path / "1", saved((BASE, *ONE), ("ADD rootfs",)))
    other = anew(tmp_path / "2", saved((BASE, *OTHER), ("ADD rootfs",), **{"moby.buildkit.cache.v0": "x"}))
    assert one == other
    assert image_id(saved((BASE, *ONE), ("ADD rootfs",))) != image_id(saved((BASE, *OTHER), ("ADD rootfs",)))
    before = in_file(tmp_path / "3", saved((BASE, *ONE), ("ADD rootfs",)))
    assert traits(in_file(tmp_path / "4", one)) == traits(before)


def test_the_base_stays_byte_by_byte(tmp_path: Path) -> None:
    with saved_image.opened(in_file(tmp_path, anew(tmp_path, saved((BASE, *ONE), ("ADD rootfs",))))) as image:
        assert image.diff_ids[0] == sha(BASE)
        assert image.made_by[0] == "ADD rootfs"
        assert repack.written(image, tmp_path) == {}, "what is in order is not written again"


def test_another_file_another_step_and_another_label_are_another_image(tmp_path: Path) -> None:
    steps = ("ADD rootfs",)
    changed = layer(Put("n", None, 0o755), Put("n/x", b"2"))
    images = [
        saved((BASE, *ONE), steps),
        saved((BASE, changed, ONE[1]), steps),
        saved((BASE, *ONE), steps, config={"Labels": {"a": "b"}}),
        saved((BASE, *ONE), steps, architecture="arm64"),
    ]
    assert len({image_id(anew(tmp_path / str(n), data)) for n, data in enumerate(images)}) == len(images)


def test_an_engine_that_keeps_layers_packed_makes_the_same(tmp_path: Path) -> None:
    plain = saved((BASE, *ONE), ("ADD rootfs",))
    packed = io.BytesIO(plain)
    import tarfile

    with tarfile.open(fileobj=packed) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    shut = {
        n: gzip.compress(d) if n.startswith("blobs/") and not n.endswith("config") else d for n, d in members.items()
    }
    assert anew(tmp_path / "1", archive(shut)) == anew(tmp_path / "2", plain)


@pytest.mark.parametrize(
    ("members", "odd"),
    [
        ({}, "manifest.json"),
        ({"manifest.json": b"[]"}, "one image"),
        ({"manifest.json": b"{"}, "no JSON"),
        ({"manifest.json": b" " * 4_000_001}, "more than"),
        ({"manifest.json": b'[{"Config": "c", "Layers": []}]'}, "'?c"),
        ({"manifest.json": b'[{"Config": "c", "Layers": []}]', "c": b'{"rootfs": {}}'}, "diff_ids"),
        ({"manifest.json": b'[{"Config": "c", "Layers": ["l"]}]', "c": b'{"rootfs": {"diff_ids": []}}'}, "number of"),
    ],
)
def test_what_is_no_saved_image_is_refused(members: dict[str, bytes], odd: str, tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadable, match=odd), saved_image.opened(in_file(tmp_path, archive(members))):
        pass


def test_a_cut_file_and_a_changed_layer_are_refused(tmp_path: Path) -> None:
    whole = saved((BASE, *ONE), ("ADD rootfs",))
    with pytest.raises(ImageUnreadable), saved_image.opened(in_file(tmp_path, whole[:-12_000])) as image:
        repack.written(image, tmp_path)
    with pytest.raises(ImageUnreadable, match="is not the one"):
        anew(tmp_path, whole.replace(b"somewhere", b"elsewhere"))


def test_what_is_loaded_takes_the_tag_and_the_rest_goes(
    stubbed: StubEngine, docker: DockerClient, tmp_path: Path
) -> None:
    data = saved((BASE, *ONE), ("ADD rootfs",))
    packed, wanted = image_id(data), image_id(anew(tmp_path / "wanted", data))
    stubbed.answers(f"GET /images/{packed}/json", {"Id": packed, "Size": 1})
    stubbed.answers(f"GET /images/{packed}/get", data)
    stubbed.answers("POST /images/load", b'{"stream": "Loaded"}\n')
    stubbed.answers(f"GET /images/{TAG}/json", {"Id": wanted, "Size": 1})
    repack.repack(docker, packed, TAG, tmp_path / "scratch")  # type: ignore[arg-type]
    assert image_id(stubbed.bodies["POST /images/load"]) == wanted
    assert stubbed.asked[-1].startswith(f"DELETE /images/{packed}")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_engine_that_does_not_take_it_is_told(stubbed: StubEngine, docker: DockerClient, tmp_path: Path) -> None:
    data = saved((BASE, *ONE), ("ADD rootfs",))
    packed = image_id(data)
    stubbed.answers("GET /images/*/json", {"Id": packed, "Size": 1})
    stubbed.answers(f"GET /images/{packed}/get", data)
    stubbed.answers("POST /images/load", b"{}\n")
    with pytest.raises(BuildFailed, match="did not take"):
        repack.repack(docker, packed, TAG, tmp_path)  # type: ignore[arg-type]
    assert not any(request.startswith("DELETE") for request in stubbed.asked), "it is still the only one"
