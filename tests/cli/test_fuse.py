"""A real file system without links: FAT, by FUSE. What cannot be done safely there is refused in two lines."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import files, locks
from sage_edge.errors import Locked, StorageError
from tests.cli import world as worlds
from tests.cli.world import World

PROGRAMS = ("fusefat", "mkfs.vfat", "umount")
SIZE_BYTES = 40 << 20

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A FAT of its own, mounted for these tests."""
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(absent)} not installed: apt-get install fusefat dosfstools")
    folder = tmp_path_factory.mktemp("fat")
    image, mounted = folder / "image", folder / "mounted"
    mounted.mkdir()
    with image.open("wb") as disk:
        disk.truncate(SIZE_BYTES)
    subprocess.run(["mkfs.vfat", str(image)], check=True, capture_output=True)
    tried = subprocess.run(
        ["fusefat", "-o", "rw+", str(image), str(mounted)], capture_output=True, text=True, check=False
    )
    if not mounted.is_mount():
        pytest.skip(f"this machine mounts nothing by FUSE: {tried.stderr.strip().splitlines()[-1:]}")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


def test_it_has_no_links(fat: Path) -> None:
    (fat / "one").write_bytes(b"")
    with pytest.raises(PermissionError):
        (fat / "two").hardlink_to(fat / "one")


def test_a_page_is_replaced(fat: Path) -> None:
    for content in (b"before", b"after"):
        files.write_atomic(fat / "page", content)
    assert (fat / "page").read_bytes() == b"after"


def test_a_paper_that_could_be_half_there_is_refused(fat: Path) -> None:
    files.make_folder(fat / "papers")
    with pytest.raises(StorageError) as refused:
        files.create_exclusive(fat / "papers" / "paper", b"content")
    assert "its file system has neither links nor a rename that replaces nothing" in refused.value.message
    assert "put the folder on a file system that has it" in str(refused.value.hint)
    assert list((fat / "papers").iterdir()) == []


def test_a_lock_keeps_others_out(fat: Path) -> None:
    with locks.hold(fat / "lock", "one"), pytest.raises(Locked), locks.hold(fat / "lock", "another"):
        pass


def test_a_wake_says_what_the_file_system_lacks(fat: Path, fresh: World, tmp_path: Path) -> None:
    world = worlds.make(tmp_path, like=fresh)
    woken = world.run("sprout", "agent", "once", "--at", worlds.MIDNIGHT, SAGE_STATE=str(fat / "state"))
    assert woken.returncode == 1
    error, step = woken.stderr.splitlines()[-2:]
    assert error.endswith("its file system has neither links nor a rename that replaces nothing")
    assert step == " next: put the folder on a file system that has it: ext4, xfs or btrfs"
