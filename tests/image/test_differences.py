"""In what two images differ is said by layer and file, and printed inert."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.image import differences
from sage_edge.image.errors import ImageAbsent, ImagesDiffer
from sage_edge.image.saved_image import opened
from tests.image.images import Put, image_id, in_file, layer, saved
from tests.sim.stub import StubEngine

STEPS = ("ADD rootfs", "RUN base", "RUN program")
LAYERS = (layer(Put("b", b"base")), layer(Put("n", None, 0o755), Put("n/x", b"1")), layer(Put("own", b"code")))
ONE = saved(LAYERS, STEPS, config={"Labels": {"revision": "a"}})


def rest(step: bytes = LAYERS[1], program: bytes = LAYERS[2]) -> bytes:
    """The image with another layer of ours; it says nothing of a revision."""
    return saved((LAYERS[0], step, program), STEPS)


BASE, PROGRAM = "layer 1 (RUN base)", "layer 2 (RUN program)"
OWN = Put("own", b"code")
CASES = {
    f"{BASE}: /n/x: another content": rest(layer(Put("n", None, 0o755), Put("n/x", b"2"))),
    f"{BASE}: /n: another mode": rest(layer(Put("n", None, 0o700), Put("n/x", b"1"))),
    f"{PROGRAM}: /own: another owner": rest(program=layer(Put("own", b"code", owner=9))),
    f"{PROGRAM}: /more: only the second has it": rest(program=layer(OWN, Put("more"))),
    f"{PROGRAM}: /own: only the first has it": rest(program=layer()),
    f"{PROGRAM}: it holds the same files, packed otherwise": rest(program=layer(Put("own", b"code", date=1))),
    f"{PROGRAM}: the other's is made by (RUN other)": saved(LAYERS, (*STEPS[:2], "RUN other")),
    "one has 3 layers, the other 2": saved(LAYERS[:2], STEPS[:2]),
    "what they say: config.Labels: {'revision': 'a'} and None": rest(),
    "what they say: config.Labels.revision: a and b": saved(LAYERS, STEPS, config={"Labels": {"revision": "b"}}),
    "what they say: architecture: amd64 and arm64": saved(LAYERS, STEPS, architecture="arm64"),
}


@pytest.mark.parametrize("said", CASES)
def test_a_difference_has_a_place(said: str, tmp_path: Path) -> None:
    with opened(in_file(tmp_path / "1", ONE)) as first, opened(in_file(tmp_path / "2", CASES[said])) as second:
        assert said in list(differences.differences(first, second))
        assert list(differences.differences(first, first)) == []


def test_two_images_of_the_engine(stubbed: StubEngine, tmp_path: Path) -> None:
    hostile = saved((*LAYERS[:2], layer(Put("own", b"code"), Put("a\x1b[31mred", b""))), STEPS)
    for tag, data in (("one:1", ONE), ("same:1", ONE), ("other:1", hostile)):
        stubbed.answers(f"GET /images/{tag}/json", {"Id": image_id(data), "Size": 1})
        stubbed.answers(f"GET /images/{image_id(data)}/json", {"Id": image_id(data), "Size": 1})
        stubbed.answers(f"GET /images/{image_id(data)}/get", data)
    assert differences.require_equal("one:1", "same:1", tmp_path) == image_id(ONE)
    with pytest.raises(ImagesDiffer) as differ:
        differences.require_equal("one:1", "other:1", tmp_path)
    assert differ.value.code == 8
    assert r"layer 2 (RUN program): /a\x1b[31mred: only the second has it" in differ.value.where
    with pytest.raises(ImageAbsent, match="no image gone:1"):
        differences.require_equal("one:1", "gone:1", tmp_path)
    assert list(tmp_path.iterdir()) == []
