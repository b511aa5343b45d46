"""The document of an image against the image: what only one of them names is named; nothing wrong is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.errors import SageError
from sage_edge.image.built import BuiltImage
from sage_edge.image.errors import EngineRefused, ImageAbsent, OtherArchitecture, SbomDiffers, SbomUnreadable
from sage_edge.image.sbom import bill
from sage_edge.names import Digest
from tests.image.images import Put, image_id, layer, saved
from tests.sim.stub import StubEngine, frames

ROOT = Path(__file__).parents[3]
SITE = "opt/sage/lib/python3.11/site-packages"
STATUS = b"Package: git\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.39\n\n"
STATUS += b"Package: git-man\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2.39\n"
COPYRIGHT = b"Format: x\n\nLicense: GPL-2\n"
DATA = saved(
    (
        layer(
            Put("etc/os-release", leads_to="../usr/lib/os-release"),
            Put("usr/lib/os-release", b"ID=debian\n"),
            Put("var/lib/dpkg/status", STATUS),
            Put("usr/share/doc/git/copyright", COPYRIGHT),
            Put("usr/share/doc/git-man", leads_to="git"),
        ),
        layer(
            Put(f"{SITE}/rich-15.0.0.dist-info/METADATA", b"Name: rich\nVersion: 15.0.0\nLicense: MIT\n"),
            Put(f"{SITE}/gone-1.dist-info/METADATA", b"Name: gone\nVersion: 1\n"),
        ),
        layer(Put(f"{SITE}/.wh.gone-1.dist-info")),
    )
)
IMAGE = BuiltImage(Digest(image_id(DATA)), "sprout", "sage/sprout:cpu", "practitioner", "orin-nano", "cpu", 1, None)
DEBS = "installed\tgit\t1:2.39\tamd64\ninstalled\tgit-man\t1:2.39\tall\n"
PIP = '{"installed": [{"metadata": {"name": "rich", "version": "15.0.0"}}]}'

Engine = Callable[..., None]


@pytest.fixture
def answers(stubbed: StubEngine) -> Engine:
    """Let the image say this when it is asked."""
    stubbed.answers(f"GET /images/{IMAGE.id}/json", {"Id": IMAGE.id, "Size": 1, "Architecture": "arm64"})
    stubbed.answers(f"GET /images/{IMAGE.id}/get", DATA)

    def let(debs: str = DEBS, pip: str = PIP, err: str = "", code: int = 0) -> None:
        stubbed.runs(err=err, code=code)
        heard = iter((debs, pip))
        stubbed.instead("GET /containers/new/logs*stdout=1*", lambda: frames(next(heard)))

    return let


def made(folder: Path) -> Path:
    """Write the image's document."""
    return bill.make(folder, ROOT / "fleet", folder / "scratch", IMAGE, unasked=False).path


def test_a_document_is_what_the_image_says(answers: Engine, tmp_path: Path) -> None:
    answers()
    first = made(tmp_path)
    assert first == tmp_path / ".sage" / "images" / "sprout-cpu.spdx.json"
    content = json.loads(first.read_text("utf-8"))
    licences = {package["name"]: package["licenseDeclared"] for package in content["packages"][1:]}
    assert licences == {"git": "GPL-2.0-only", "git-man": "GPL-2.0-only", "rich": "MIT"}
    before = first.read_bytes()
    answers()
    assert made(tmp_path).read_bytes() == before
    answers()
    assert bill.check(first, IMAGE).counts == {"deb": 2, "python": 1}


@pytest.mark.parametrize(
    ("debs", "pip", "excess", "lack"),
    [
        (DEBS + "installed\tperl\t5.36\tamd64\n", PIP, (), ("perl 5.36 for amd64",)),
        (DEBS.splitlines()[0], PIP, ("git-man 1:2.39 for all",), ()),
        (DEBS, '{"installed": []}', ("rich 15.0.0",), ()),
        (DEBS.replace("git\t1:2.39", "git\t1:2.40"), PIP, ("git 1:2.39 for amd64",), ("git 1:2.40 for amd64",)),
    ],
)
def test_what_only_one_side_names_is_named(
    debs: str, pip: str, excess: tuple[str, ...], lack: tuple[str, ...], answers: Engine, tmp_path: Path
) -> None:
    answers(debs, pip)
    with pytest.raises(SbomDiffers) as refused:
        made(tmp_path)
    assert (refused.value.excess, refused.value.lack, refused.value.code) == (excess, lack, 8)
    assert not (tmp_path / ".sage").exists(), "nothing wrong is written"


def test_a_document_that_somebody_has_changed_is_told(answers: Engine, tmp_path: Path) -> None:
    answers()
    path = made(tmp_path)
    content = json.loads(path.read_text("utf-8"))
    (git,) = (package for package in content["packages"] if package["name"] == "git")
    for packages, excess, lack in (
        ([*content["packages"], {**git, "name": "hg", "SPDXID": "SPDXRef-deb-hg"}], ("hg 1:2.39 for amd64",), ()),
        ([package for package in content["packages"] if package is not git], (), ("git 1:2.39 for amd64",)),
    ):
        path.write_text(json.dumps({**content, "packages": packages}), "utf-8")
        answers()
        with pytest.raises(SbomDiffers) as refused:
            bill.check(path, IMAGE)
        assert (refused.value.excess, refused.value.lack) == (excess, lack)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"err": "exec /usr/bin/dpkg-query: exec format error", "code": 255}, OtherArchitecture),
        ({"err": "no such program\x1b[31m", "code": 127}, SbomUnreadable),
        ({"debs": "x" * 9_000_000}, EngineRefused),
        ({"debs": "\x1b]0;title\x07"}, SbomUnreadable),
    ],
)
def test_an_image_that_does_not_answer_is_refused_inertly(
    said: dict[str, object], kind: type[SageError], answers: Engine, tmp_path: Path
) -> None:
    answers(**said)
    with pytest.raises(kind) as refused:
        made(tmp_path)
    assert refused.value.message.isprintable()
    if isinstance(refused.value, OtherArchitecture):
        assert (refused.value.arch, refused.value.here, refused.value.code) == ("arm64", "x86_64", 3)
        assert bill.make(tmp_path, ROOT / "fleet", tmp_path / "s", IMAGE, unasked=True).counts["deb"] == 2


def test_no_image_no_status_and_no_document(stubbed: StubEngine, answers: Engine, tmp_path: Path) -> None:
    with pytest.raises(SbomUnreadable, match="No such file"):
        bill.check(tmp_path / "none", IMAGE)
    stubbed.instead(f"GET /images/{IMAGE.id}/get", saved((layer(),)))
    with pytest.raises(SbomUnreadable, match="dpkg/status: the image has none"):
        made(tmp_path)
    stubbed.instead(f"GET /images/{IMAGE.id}/json", {"message": "no"}, 404)
    with pytest.raises(ImageAbsent):
        made(tmp_path)
