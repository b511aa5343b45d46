"""What a host is to run is put together from this checkout's files, and a file that is none is named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.deploy import desired_release
from sage_edge.deploy.checkout import Checkout
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import ModelNotLocked
from sage_edge.errors import DeclarationError
from sage_edge.host import release_store
from sage_edge.inventory import signers
from sage_edge.names import ModelRef
from sage_edge.records.base import parse
from sage_edge.records.release import Release
from tests.deploy import fleetfacts


def put_together(root: Path, **image_is: str) -> DesiredRelease:
    """What a stand-in sprout is to run, by the compose files below `root`."""
    fleet = fleetfacts.fleet("sim")
    image = fleetfacts.wanted(platform="cpu", **image_is).image
    return desired_release.desired(Checkout(root, fleet), fleet.host("sprout"), image, fleetfacts.probed())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(fleetfacts.ROOT / "compose", tmp_path / "compose")
    return tmp_path


def test_the_files_of_this_checkout_make_a_release(root: Path) -> None:
    assert put_together(root).files["cpu.yaml"] == (root / "compose/cpu.yaml").read_text("utf-8")


def test_equal_inputs_make_one_release_and_another_compose_file_another(root: Path) -> None:
    before = put_together(root)
    assert put_together(fleetfacts.ROOT).short == before.short
    path = root / "compose/sprout.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("pids_limit: 256", "pids_limit:   256  # the same") + "# more\n", "utf-8")
    assert put_together(root).short == before.short
    path.write_text(text.replace("pids_limit: 256", "pids_limit: 257"), "utf-8")
    assert put_together(root).short != before.short


def test_a_release_brings_along_who_signs_on_its_machines(root: Path, tmp_path: Path) -> None:
    assert signers.FILE not in Checkout(root, fleetfacts.fleet("sim")).declarations()
    (tmp_path / signers.FILE).write_text("# who signs\n")
    fleet = replace(fleetfacts.fleet("sim"), addresses=tmp_path)
    assert Checkout(root, fleet).declarations()[signers.FILE] == "# who signs\n"


@pytest.mark.parametrize("revision", ["0a1b2c3d4e5f", "0a1b2c3d4e5f-dirty", "unknown"])
def test_a_release_says_from_which_tree_its_image_was_built(root: Path, revision: str) -> None:
    desired = put_together(root, revision=revision)
    assert desired.release.revision == revision
    assert f'"revision":"{revision}"' in desired.files["release.json"]
    assert release_store.parse(desired.files["release.json"].encode()).short == desired.short
    assert parse(Release, desired.files["release.json"]) == desired.release


def test_an_image_from_before_that_names_no_revision_keeps_its_release(root: Path) -> None:
    desired = put_together(root)
    assert desired.release.revision is None
    assert "revision" not in desired.files["release.json"]
    with pytest.raises(ValueError, match="revision"):
        parse(Release, desired.files["release.json"].replace('"role"', '"revision":"../x","role"'))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"services: [\n", "compose/sprout.yaml: line 2: cannot be read: "),
        (b"a: 1\n\tb: 2\n", "compose/sprout.yaml: line 2: cannot be read: "),
        (b"\xff\xfe", "compose/sprout.yaml"),
        (None, "No such file or directory"),
    ],
)
def test_a_compose_file_that_is_none_is_named(root: Path, content: bytes | None, said: str) -> None:
    path = root / "compose/sprout.yaml"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DeclarationError) as told:
        put_together(root)
    assert said in str(told.value)
    assert told.value.code == 2
    assert "docker compose -f compose/sprout.yaml config" in hints.text(told.value.hint)


def test_what_a_host_serves_has_to_be_on_it_as_what_it_conducts_with(root: Path) -> None:
    fleet = fleetfacts.fleet("laptop")
    thor, sprout = fleet.host("thor"), fleet.host("sprout")
    assert thor.serve is not None
    here = Checkout(root, fleet)
    assert list(here.models(thor)) == [thor.serve.model]
    assert thor.serve.model in here.concerning(thor)["models"]  # type: ignore[operator]
    both = sprout.model_copy(update={"serve": thor.serve.model_copy(update={"model": ModelRef("sage/seedling:q8_0")})})
    assert both.models == (sprout.model, "sage/seedling:q8_0")
    same = sprout.model_copy(update={"serve": thor.serve.model_copy(update={"model": sprout.model})})
    assert same.models == (sprout.model,)
    lost = thor.model_copy(update={"serve": thor.serve.model_copy(update={"model": ModelRef("nobody/knows:q8_0")})})
    with pytest.raises(ModelNotLocked):
        Checkout(root, fleet).models(lost)
