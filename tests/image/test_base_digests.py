"""What a tag means now: asked on demand, from a registry of our own; offline it says so, and nothing is written."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import hints, shell
from sage_edge.deploy.transport import registry
from sage_edge.errors import ExitCode, UsageError
from sage_edge.image import base_digests, engine, spec
from sage_edge.image.errors import NoAnswer, NoSuchImage
from sage_edge.names import Digest, Slug
from sage_edge.shell import Command
from sage_edge.workstation import image_tasks
from tests.sim.stub import StubEngine
from tests.workstation.direct import call

ROOT = Path(__file__).parents[2]
NOW, BEFORE = Digest("sha256:" + "ab" * 32), Digest("sha256:" + "cd" * 32)


def told(*architectures: str, os: str = "linux") -> dict[str, object]:
    """What an engine says of an index in a registry."""
    return {"Descriptor": {"digest": NOW}, "Platforms": [{"architecture": name, "os": os} for name in architectures]}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A lock with one base that is resolved, and two that are not."""
    folder = tmp_path / "checkout" / "images"
    folder.mkdir(parents=True)
    bases = {"cpu": "unresolved", "sprout-runtime": "unresolved", "sprout-builder": BEFORE}
    lines = (
        f"  {name}:\n    image: example.test/{name}:1\n    digest: {digest}\n    source: us\n"
        for name, digest in bases.items()
    )
    (folder / "images.lock").write_text("format: 1\nbases:\n" + "".join(lines), "utf-8")
    return folder


def test_what_is_unresolved_is_asked_for_and_nothing_else(images: Path, stubbed: StubEngine) -> None:
    stubbed.answers("GET /distribution/*", told("amd64", "arm64"))
    lookups = base_digests.look_up(images, None)
    assert [(base.name, base.kind, base.now) for base in lookups] == [
        ("cpu", "new", NOW),
        ("sprout-runtime", "new", NOW),
    ]
    asked = [request.split("/", 2)[2] for request in stubbed.asked if "/distribution/" in request]
    assert asked == ["example.test/cpu:1/json", "example.test/sprout-runtime:1/json"]
    assert base_digests.look_up(images, "sprout-builder")[0].kind == "moved"
    spec.resolve_in_place(images, "sprout-builder", NOW, "us")
    assert base_digests.look_up(images, "sprout-builder")[0].kind == "same"
    with pytest.raises(UsageError, match="knows no base 'loki'") as refused:
        base_digests.look_up(images, "loki")
    assert "sprout-runtime" in hints.text(refused.value.hint)


@pytest.mark.parametrize(("answer", "there"), [(told("amd64"), "amd64"), (told("arm64", os="unknown"), "nothing")])
def test_an_image_that_is_not_there_for_a_board_is_no_base_of_one(
    answer: dict[str, object], there: str, images: Path, stubbed: StubEngine
) -> None:
    stubbed.answers("GET /distribution/*", answer)
    assert base_digests.look_up(images, "cpu")[0].now == NOW, "a laptop may be anything"
    with pytest.raises(NoSuchImage, match=f"it is there for {there}.*, a board needs arm64"):
        base_digests.look_up(images, "sprout-runtime")


def test_a_registry_that_does_not_answer_is_exit_4(images: Path, stubbed: StubEngine) -> None:
    stubbed.refuses("GET /distribution/*", "failed to do request: dial tcp: no such host")
    with pytest.raises(NoAnswer, match="failed to do request: dial tcp: no such host") as refused:
        base_digests.look_up(images, None)
    assert refused.value.code == ExitCode.UNREACHABLE
    assert refused.value.hint


def test_a_tag_that_is_not_there_is_exit_1(images: Path, stubbed: StubEngine) -> None:
    stubbed.refuses("GET /distribution/*", "manifest unknown: manifest unknown", 404)
    with pytest.raises(NoSuchImage) as refused:
        base_digests.look_up(images, None)
    assert (refused.value.image, refused.value.code) == ("example.test/cpu:1", ExitCode.FAILED)


def test_new_digests_are_written_and_moved_ones_only_when_asked(
    images: Path, stubbed: StubEngine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(images.parent / "fleet"))
    stubbed.answers("GET /distribution/*", told("amd64", "arm64"))
    before = (images / "images.lock").read_bytes()
    assert call(image_tasks.lock, dry_run=True) == 0
    assert (images / "images.lock").read_bytes() == before
    assert call(image_tasks.lock) == 0
    shown = capsys.readouterr()
    assert f"cpu  example.test/cpu:1  new\n  - unresolved\n  + {NOW}\n" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "2 written" in shown.err
    assert call(image_tasks.lock) == 0
    assert "every base is resolved" in capsys.readouterr().err
    assert call(image_tasks.lock, base="sprout-builder") == 0
    shown = capsys.readouterr()
    assert f"moved\n  - {BEFORE}\n  + {NOW}\n" in shown.out
    assert "kept as it was: sprout-builder; to replace it: --yes" in shown.err
    assert spec.read_lock(images)[Slug("sprout-builder")].digest == BEFORE
    assert call(image_tasks.lock, base="sprout-builder", yes=True) == 0
    bases = spec.read_lock(images).values()
    assert {base.digest for base in bases} == {NOW}
    assert {base.source[:24] for base in bases} == {"its registry, asked on 2"}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A registry on the loopback."""
    with registry.serving(tmp_path / "registry") as port:
        yield port


@pytest.mark.docker
def test_a_real_registry_says_what_was_pushed_to_it(port: int, images: Path, tmp_path: Path) -> None:
    where = f"127.0.0.1:{port}/tiny"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nLABEL a=b\nCOPY Dockerfile /\n", "utf-8")
    build = ("docker", "buildx", "build", "--load", "--quiet", "--provenance=false")
    with contextlib.ExitStack() as stack:
        docker = stack.enter_context(engine.connect())
        for name in ("one", "two"):
            stack.callback(docker.untag, f"{where}/{name}:1")
        for name, platform in (("one", "linux/amd64"), ("two", "linux/arm64")):
            shell.run(Command((*build, f"--platform={platform}", f"--tag={where}/{name}:1", str(tmp_path))))
            docker.push(f"{where}/{name}:1")
        parts = (f"{where}/one:1", f"{where}/two:1")
        shell.run(Command(("docker", "buildx", "imagetools", "create", "--tag", f"{where}/both:1", *parts)))
        pushed = json.loads(
            shell.run(Command(("docker", "image", "inspect", "--format", "{{json .RepoDigests}}", parts[1]))).text
        )
        digest, architectures = base_digests.ask(docker, f"{where}/two:1")
        assert f"{where}/two@{digest}" in pushed
        assert architectures == {"arm64"}
        index, both = base_digests.ask(docker, f"{where}/both:1")
        assert both == {"amd64", "arm64"}
        assert index not in (digest, base_digests.ask(docker, f"{where}/one:1")[0])
        with pytest.raises(NoSuchImage):
            base_digests.ask(docker, f"{where}/three:1")
        shutil.copy(images / "images.lock", tmp_path / "before")
        text = (images / "images.lock").read_text("utf-8").replace("example.test/cpu:1", f"{where}/both:1")
        (images / "images.lock").write_text(text, "utf-8")
        assert base_digests.look_up(images, "cpu")[0].now == index
