"""The practitioner's CPU image for arm64, built on another processor: llama.cpp's binding by Debian's cross-compiler,
all else under qemu's emulation, where this machine has both. Nobody has measured a board with it.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.image.sbom import bill
from sage_edge.sim import image as sim_image
from tests.images.building import ROOT, build, inspect, linked, run, snapshot, thrown_away
from tests.images.building import order as order_of

pytestmark = [pytest.mark.docker, pytest.mark.full, pytest.mark.timeout(4 * 3600)]

BASE = "sage-test-arm64:bookworm"
NEEDS = {
    "crossbuild-essential-arm64": Path("/usr/bin/aarch64-linux-gnu-g++"),
    "qemu-user-static and binfmt-support, with binfmt_misc mounted": Path("/proc/sys/fs/binfmt_misc/qemu-aarch64"),
    "debootstrap": Path("/usr/sbin/debootstrap"),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Debian for arm64; what `docker import` takes in would be labelled as this machine's."""
    if platform.machine() == "aarch64":
        pytest.skip("this machine is an arm64 one: every build here is the test")
    if missing := [name for name, path in NEEDS.items() if not path.exists()]:
        pytest.skip(f"needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("arm64")
    mirror = sim_image.mirrors(Path("/etc/apt"))[:1]
    words = ("debootstrap", "--arch=arm64", "--variant=minbase", "bookworm", str(folder / "root"), *mirror)
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run(("tar", "-C", str(folder / "root"), "-cf", str(folder / "root.tar"), "."), check=True)
    shutil.rmtree(folder / "root")
    (folder / "Dockerfile").write_text('FROM scratch\nADD root.tar /\nCMD ["/bin/bash"]\n', "utf-8")
    building = ("docker", "buildx", "build", "--load", "--platform=linux/arm64", "--provenance=false", "--tag", BASE)
    subprocess.run((*building, str(folder)), check=True, capture_output=True)
    yield BASE
    subprocess.run(("docker", "rmi", "--force", BASE), capture_output=True, check=False)


def test_it_is_built_starts_and_draws_a_token(base: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    root = linked(tmp_path / "root", snapshot())
    wanted = order_of("sprout", base=base, owner="sage-test-arm64", processor="arm64")
    with thrown_away(build(root, wanted)) as image:  # which lets it draw a token
        assert inspect(image)["Architecture"] == "arm64"
        assert run(image, "-m", entry="uname").stdout == "aarch64\n"
        said = run(image, "--help")
        assert (said.returncode, "agent" in said.stdout) == (0, True)
        smoked = run(image, entry="sage-smoke", flags=(f"--volume={ROOT / 'fleet'}:/srv/sage/fleet:ro",))
        assert '"ok": true' in smoked.stdout, smoked.stderr
        written = bill.make(tmp_path, ROOT / "fleet", tmp_path / "scratch", image, unasked=False)
        assert '?arch=arm64"' in written.path.read_text("utf-8")
