"""Each refusal of the system to write has its own sentence and a next step that can help, whoever meets it."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge import files, hints, system_refusal
from sage_edge.cli import mishap
from sage_edge.errors import StorageError
from sage_edge.paths import shown

STEPS = {
    errno.ENOSPC: "make room (df -h {}; df -i {}), then start again: nothing is lost",
    errno.EDQUOT: "free some of your quota (quota -s) or have it raised, then start again: nothing is lost",
    errno.EFBIG: "name a place on a file system that takes larger files, as ext4 and xfs do, then start again",
    errno.EROFS: "mount it for writing, or name a place that can be written",
    errno.EIO: "the disk or the device fails: look into dmesg, and save elsewhere what is on it",
    errno.EACCES: "look at its owner and its rights: ls -ld {}",
    errno.EPERM: "look at its owner and its rights: ls -ld {}",
    errno.ENAMETOOLONG: "name a shorter path",
    errno.ENOTDIR: "name another place, or move away what lies there",
    errno.EISDIR: "name another place, or move away what lies there",
    errno.ELOOP: "name another place, or move away what lies there",
}


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def refused(number: int, path: Path) -> StorageError:
    with pytest.raises(StorageError) as refusal, files.storing(path):
        raise OSError(number, os.strerror(number), str(path))
    return refusal.value


@pytest.mark.parametrize("number", STEPS, ids=errno.errorcode.get)
def test_whoever_writes_says_what_helps(number: int, tmp_path: Path) -> None:
    refusal = refused(number, tmp_path / "absent" / "file")
    assert refusal.message.startswith(f"cannot write {tmp_path}/absent/file: {os.strerror(number)}")
    assert hints.text(refusal.hint) == STEPS[number].replace("{}", str(tmp_path))


@pytest.mark.parametrize("number", STEPS, ids=errno.errorcode.get)
def test_what_no_room_has_foreseen_says_the_same(number: int, tmp_path: Path) -> None:
    refusal = mishap.described(OSError(number, os.strerror(number), str(tmp_path)))
    assert hints.text(refusal.hint) == STEPS[number].replace("{}", shown(tmp_path))


@pytest.mark.parametrize("number", sorted(system_refusal.OF_WRITING), ids=errno.errorcode.get)
def test_the_words_of_another_program_are_understood(number: int, tmp_path: Path) -> None:
    why = f"error: copy-fd: write returned: {os.strerror(number)}"
    assert hints.text(StorageError(str(tmp_path), why).hint) == STEPS[number].replace("{}", str(tmp_path))


@pytest.mark.parametrize("number", set(STEPS) - {errno.ENOSPC, errno.EDQUOT}, ids=errno.errorcode.get)
def test_room_is_asked_for_only_where_it_helps(number: int, tmp_path: Path) -> None:
    step = hints.text(refused(number, tmp_path).hint).replace(str(tmp_path), "")
    assert not any(word in step for word in ("room", "space", "quota", "df -h"))


def test_a_limit_of_this_process_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert refused(errno.EFBIG, tmp_path).message.endswith(": its file system takes none as large")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4_096_000, resource.RLIM_INFINITY))
    refusal = refused(errno.EFBIG, tmp_path)
    assert refusal.message == f"cannot write {tmp_path}: {os.strerror(errno.EFBIG)}: 4.10 MB is allowed (ulimit -f)"
    assert hints.text(refusal.hint).startswith(
        "raise that limit (ulimit -f unlimited; of a service: LimitFSIZE=infinity)"
    )


def test_what_cannot_be_looked_at_is_not_named() -> None:
    refusal = mishap.described(OSError(errno.EACCES, "denied"))
    assert hints.text(refusal.hint) == "mend what the system names, then start again"
    assert "(df -h; df -i)" in hints.text(mishap.described(OSError(errno.ENOSPC, "full")).hint)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    script = tmp_path / "write.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom sage_edge import files\nfrom sage_edge.errors import StorageError\n"
        "try:\n    files.write_atomic(Path(sys.argv[1]), bytes(100_000))\n"
        "except StorageError as refused:\n    sys.exit(refused.message)\n"
    )
    return script


def test_a_real_limit_is_told(program: Path, tmp_path: Path) -> None:
    line = 'ulimit -f 8; exec "$0" "$1" "$2"'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, program, tmp_path / "file"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].endswith("File too large: 4.10 kB is allowed (ulimit -f)")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["write.py"]
