"""Building: what is refused before anything is fetched, what the command line says, and what is written down."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sage_edge.clock import SystemClock
from sage_edge.errors import SageError
from sage_edge.hints import sage
from sage_edge.image import build, build_record, spec
from sage_edge.image import wheels as wheelhouse
from sage_edge.image.build import BuildOrder
from sage_edge.image.errors import BaseUnresolved, BuildFailed, ClockBehind, EngineTooOld, NoEngine, OtherArchitecture
from sage_edge.image.spec import ImageCard
from sage_edge.models.errors import ModelIncomplete
from sage_edge.names import ModelRef
from tests.image import images
from tests.seedlings import SEEDLING
from tests.sim.stub import INFO, StubDocker, StubEngine

ROOT = Path(__file__).parents[2]
SPROUT = spec.read_cards(ROOT / "images")["sprout"]
IN_ORDER = images.in_order()
DIGEST = images.image_id(IN_ORDER)
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def test_an_order_carries_what_its_card_says_unless_told_otherwise() -> None:
    assert BuildOrder(SPROUT, "cpu").models == ("smollm2-135m/instruct:q4_1", SEEDLING)
    assert BuildOrder(SPROUT, "cpu").tag == "sage/sprout:cpu"
    other = ModelRef("a/b:c")
    assert BuildOrder(SPROUT, "l4t", bake=(other,)).models == (other,)
    assert BuildOrder(SPROUT, "l4t", bake=()).models == ()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A root with the real declarations."""
    (tmp_path / "root").mkdir()
    for name in ("images", "requirements", "pyproject.toml", "README.md", "sage_edge"):
        (tmp_path / "root" / name).symlink_to(ROOT / name)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        (BuildOrder(SPROUT, "l4t"), BaseUnresolved),
        (BuildOrder(SPROUT, "cpu"), BaseUnresolved),
        (BuildOrder(SPROUT, "cpu", "a-base:1", bake=(SEEDLING,)), NoEngine),
    ],
)
def test_nothing_is_fetched_or_written_before_the_base_and_the_engine_are_known(
    order: BuildOrder,
    refusal: type[SageError],
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stubbed: StubEngine,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no docker command
    monkeypatch.setattr(wheelhouse, "ensure", lambda *words: pytest.fail("wheels were fetched"))
    with pytest.raises(refusal):
        build.build(checkout, ROOT / "fleet", tmp_path / "store", order, lambda line: None)
    stubbed.instead("GET /info", {**INFO, "ServerVersion": "20.10.24"})
    with pytest.raises(refusal if refusal is BaseUnresolved else EngineTooOld):
        build.build(checkout, ROOT / "fleet", tmp_path / "store", order, lambda line: None)
    assert not (checkout / ".sage").exists()
    assert {request.partition("?")[0] for request in stubbed.asked} <= {"GET /version", "GET /info"}


@pytest.fixture
def command(checkout: Path, tmp_path: Path, stubbed: StubEngine, monkeypatch: pytest.MonkeyPatch) -> StubDocker:
    """A `docker` command that builds; the engine and pip are stand-ins, too."""
    (tmp_path / "bin").mkdir()
    command = StubDocker(tmp_path / "bin", monkeypatch)
    command.tool("git")
    command.answers("nothing")
    for name in ("sage/sprout:cpu", DIGEST):
        stubbed.answers(f"GET /images/{name}/json", {"Id": DIGEST, "Size": 541})
        stubbed.answers(f"GET /images/{name}/get", IN_ORDER)
    wheels = tmp_path / "wheels"
    monkeypatch.setattr(wheelhouse, "ensure", lambda root, card, target, log: wheels / target.python)
    monkeypatch.setattr(wheelhouse, "pack_own", lambda root, folder: None)
    return command


ORDER = BuildOrder(SPROUT, "cpu", "a-base:1", bake=())


def test_a_build_that_fails_shows_its_last_lines(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    stubbed.runs("VERSION_CODENAME=bookworm\n")
    command.answers("buildx *", "many words\\n", complains="ERROR: step 5: no space left on device", code=1)
    with pytest.raises(BuildFailed, match="step 5: no space left on device") as refused:
        build.build(checkout, ROOT / "fleet", tmp_path / "store", ORDER, lambda line: None)
    assert refused.value.hint
    assert build_record.find(checkout, "sprout", "cpu") is None


def test_an_image_that_draws_no_token_is_a_failed_build(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    stubbed.runs("VERSION_CODENAME=bookworm\n", err="no token was drawn", code=1)
    with pytest.raises(BuildFailed, match="no token was drawn"):
        build.build(checkout, ROOT / "fleet", tmp_path / "store", ORDER, lambda line: None)


def test_a_model_that_is_not_in_the_store_is_named_before_anything_is_fetched(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheelhouse, "ensure", lambda *words: pytest.fail("wheels were fetched"))
    with pytest.raises(ModelIncomplete) as refused:
        build.build(checkout, ROOT / "fleet", tmp_path / "store", BuildOrder(SPROUT, "cpu", "a:1"), lambda line: None)
    assert refused.value.ref == "smollm2-135m/instruct:q4_1"
    assert refused.value.hint == sage("model prepare", "smollm2-135m/instruct:q4_1")


def test_a_build_hands_over_bases_labels_and_contexts(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    """Words and requests only."""
    stubbed.runs("VERSION_CODENAME=bookworm\n")
    wheels, lines = tmp_path / "wheels", list[str]()
    order = BuildOrder(SPROUT, "cpu", "a-base:1", bake=(SEEDLING,))
    image = build.build(checkout, ROOT / "fleet", tmp_path / "store", order, lines.append)
    (built,) = (line for line in command.asked if line.startswith("buildx build --load"))
    for words in (
        "--build-arg=RUNTIME=a-base:1",
        "--build-arg=BUILDER=a-base:1",
        "--build-arg=PLATFORM=cpu",
        "--build-arg=ROLE=practitioner",
        "--build-arg=BOARD=orin-nano",
        "--build-arg=MODEL=sage/seedling:q8_0",
        "--build-arg=MODEL_DIGEST=sha256:",
        f"--build-context=wheels={wheels}/3.11",
        "--provenance=false",
        f"--build-context=steps={checkout}/images/shared/steps",
        "--tag sage/sprout:cpu",
    ):
        assert words in built, words
    assert "--platform" not in built, "a CPU image is for the machine that builds it"
    smoke = stubbed.bodies["POST /containers/create"]
    assert (smoke["Image"], smoke["Entrypoint"]) == ("sage/sprout:cpu", ["sage-smoke"])
    rights = smoke["HostConfig"]
    assert (rights["NetworkMode"], rights["ReadonlyRootfs"], rights["CapDrop"]) == ("none", True, ["ALL"])
    assert rights["Tmpfs"] == {"/tmp": "", "/srv/sage/state": "uid=10001,gid=10001"}  # noqa: S108
    assert rights["Binds"] == [f"{ROOT / 'fleet'}:/srv/sage/fleet:ro"]
    steps = ["building sage/sprout:cpu", "putting its layers in order", "letting the image draw a token"]
    assert lines == [*steps, "VERSION_CODENAME=bookworm"]
    assert build_record.find(checkout, "sprout", "cpu") == image
    assert build_record.find(checkout, "sprout", "l4t") is None
    assert (image.id, image.bytes, image.model) == (DIGEST, 541, "sage/seedling:q8_0")
    assert list((checkout / ".sage" / "building").iterdir()) == [], "nothing of 30 GB is left behind"


def test_what_was_put_in_order_before_is_not_read_again(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    """An engine that had every step in its cache packs the same image as before."""
    stubbed.runs("VERSION_CODENAME=bookworm\n")
    stubbed.answers("POST /images/*/tag*", code=201)
    lines = list[str]()
    for _ in range(2):
        image = build.build(checkout, ROOT / "fleet", tmp_path / "store", ORDER, lines.append)
    assert image.id == DIGEST
    assert lines.count("putting its layers in order") == 1
    assert sum(request.endswith("/get") for request in stubbed.asked) == 1


def test_a_clock_in_1970_builds_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: StubDocker
) -> None:
    long_ago = datetime.fromtimestamp(3600, timezone.utc)
    monkeypatch.setattr(SystemClock, "now", lambda self: long_ago)
    with pytest.raises(ClockBehind) as refused:
        build.build(checkout, ROOT / "fleet", tmp_path / "store", ORDER, lambda line: None)
    assert (refused.value.at, refused.value.code) == (long_ago, 3)
    assert not (checkout / ".sage").exists()


def test_a_commit_of_this_morning_is_built_and_one_of_next_week_is_not(tmp_path: Path) -> None:
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    commit(tmp_path, "sage_edge/a.py", 1_000_000_000)
    build.require_clock(tmp_path, "sprout", datetime.fromtimestamp(1_000_000_000 - 3600, timezone.utc))
    with pytest.raises(ClockBehind):
        build.require_clock(tmp_path, "sprout", datetime.fromtimestamp(1_000_000_000 - 7 * 86400, timezone.utc))
    commit(tmp_path, "sage_edge/a.py", 3600)
    assert build.epoch(tmp_path, "sprout") == 315532800, "no zip file can say an earlier moment"


def test_a_base_for_another_processor_is_refused_before_it_runs(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    stubbed.instead("GET /images/a-base:1/json", {"Id": DIGEST, "Size": 1, "Architecture": "arm64"})
    with pytest.raises(OtherArchitecture) as refused:
        build.build(checkout, ROOT / "fleet", tmp_path / "store", ORDER, lambda line: None)
    assert (refused.value.arch, refused.value.here) == ("arm64", "x86_64")
    assert not any(request.startswith("POST /containers") for request in stubbed.asked)


def test_an_image_for_another_processor_is_one_beside_ours(
    checkout: Path, tmp_path: Path, command: StubDocker, stubbed: StubEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words and requests only."""
    stubbed.runs("VERSION_CODENAME=bookworm\n")
    stubbed.instead("GET /images/a-base:1/json", {"Id": DIGEST, "Size": 1, "Architecture": "arm64"})
    stubbed.answers("GET /images/sage/sprout:cpu-arm64/json", {"Id": DIGEST, "Size": 541, "Architecture": "arm64"})
    targets: list[wheelhouse.Target] = []

    def ensure(root: Path, card: ImageCard, target: wheelhouse.Target, log: object) -> Path:
        targets.append(target)
        return tmp_path

    monkeypatch.setattr(wheelhouse, "ensure", ensure)
    order = BuildOrder(SPROUT, "cpu", "a-base:1", bake=(), processor="arm64")
    image = build.build(checkout, ROOT / "fleet", tmp_path / "store", order, lambda line: None)
    assert "--platform linux/arm64" in command.asked[-1]
    assert "--tag sage/sprout:cpu-arm64" in command.asked[-1]
    assert targets == [wheelhouse.Target("cpu", "3.11", "aarch64")]
    assert build_record.find(checkout, "sprout", "cpu", "arm64") == image
    assert build_record.find(checkout, "sprout", "cpu") is None, "no stand-in is to get it"


def test_a_changed_tree_is_said_by_the_log_the_label_and_the_record(
    tmp_path: Path, command: StubDocker, stubbed: StubEngine
) -> None:
    stubbed.runs("VERSION_CODENAME=bookworm\n")
    stubbed.answers("POST /images/*/tag*", code=201)
    root = tmp_path / "changed"
    subprocess.run(("git", "init", "-q", str(root)), check=True)
    shutil.copytree(ROOT / "images", root / "images")
    (root / ".gitignore").write_text(".sage\n", "utf-8")
    commit(root, "sage_edge/a.py", 1_000_000_000)
    for dirty in ("", "-dirty"):
        lines: list[str] = []
        image = build.build(root, ROOT / "fleet", tmp_path / "store", ORDER, lines.append)
        assert image.revision == build.revision(root, "sprout")
        assert image.revision.endswith(dirty or image.revision[-6:])
        assert f"--build-arg=REVISION={image.revision}" in command.asked[-1]
        assert build_record.find(root, "sprout", "cpu") == image
        assert ("was changed after its commit" in lines[0]) == bool(dirty)
        (root / "sage_edge" / "a.py").write_text("another", "utf-8")


def commit(root: Path, path: str, when: int) -> None:
    """Change a file and commit it at a moment."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(str(when), "utf-8")
    env = {**os.environ, **GIT, "GIT_AUTHOR_DATE": f"@{when} +0000", "GIT_COMMITTER_DATE": f"@{when} +0000"}
    for words in (("add", "-A"), ("commit", "-qm", path)):
        subprocess.run(("git", "-C", str(root), *words), env=env, check=True)


def test_only_a_commit_that_touches_what_is_built_makes_a_new_image(tmp_path: Path) -> None:
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == ("unknown", 315532800)
    commit(tmp_path, "sage_edge/a.py", 1_000_000_000)
    first = build.revision(tmp_path, "sprout")
    assert len(first) == 12
    commit(tmp_path, "tests/test_a.py", 1_100_000_000)
    commit(tmp_path, "images/thor/Dockerfile", 1_200_000_000)
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == (first, 1_000_000_000)
    assert build.epoch(tmp_path, "thor") == 1_200_000_000
    commit(tmp_path, "images/shared/steps/base", 1_300_000_000)
    assert build.revision(tmp_path, "sprout") != first
    (tmp_path / "README.md").write_text("new", "utf-8")
    assert not build.revision(tmp_path, "sprout").endswith("-dirty")
    (tmp_path / "sage_edge" / "a.py").write_text("new", "utf-8")
    assert build.revision(tmp_path, "sprout").endswith("-dirty")


def test_a_folder_without_git_has_no_revision(tmp_path: Path) -> None:
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == ("unknown", 315532800)
