"""nix of Debian's next release from the machine's own mirror, unpacked into a folder; nothing is installed.

    PLACE/                made whole in a folder beside it, then renamed: it is there and works, or it is not there
      usr/bin/nix         with nix-instantiate and others as links to it
      usr/lib/…           the libraries of that release, its loader among them: ours are too old for it

apt is given lists, an empty status and an archive of its own, so that it neither needs nor changes the machine's.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sage_edge import files, shell
from sage_edge.shell import Command
from tools.nix_check.errors import AGAIN, MirrorSilent, NoNix

PACKAGES = ("nix-bin",)
_NEXT_SOURCE = Path(__file__).parents[2] / "sage_edge" / "sim" / "board" / "next-source"
BY_HAND = "install nix 2.18 or later by hand, so that `nix --version` works"
_RECONNECT = ("see that `apt-get update` works, or install nix by hand, then: ", AGAIN)


def unpack(place: Path, machine: Path = Path("/")) -> None:
    """Make PLACE. machine: whose apt sources are read. Raises NoNix, MirrorSilent, StorageError."""
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise NoNix(f"there is no nix here and no {program} to get it with", hint=BY_HAND)
    files.make_folder(place.parent)
    for left in place.parent.glob(".nix-*"):
        shutil.rmtree(left)  # of a run that was killed
    with files.storing(place), tempfile.TemporaryDirectory(prefix=".nix-", dir=place.parent) as name:
        work = Path(name)
        options = _private(work, _sources(work, machine))
        _apt(options, "update")
        _apt(options, "--yes", "--no-install-recommends", "--download-only", "install", *PACKAGES)
        for package in sorted((work / "archives").glob("*.deb")):
            shell.run(Command(("dpkg", "-x", str(package), str(work / "root")), timeout_s=120))
        (work / "root").rename(place)


def _sources(work: Path, machine: Path) -> Path:
    """Return a folder with the sources to ask: the next release's on bookworm, the machine's own on a later Debian."""
    apt, listed = machine / "etc" / "apt", work / "etc" / "apt" / "sources.list.d"
    listed.mkdir(parents=True)
    own = [*(apt / "sources.list.d").glob("*.sources"), *(apt / "sources.list.d").glob("*.list"), apt / "sources.list"]
    for path in own:
        if path.is_file():
            shutil.copy(path, listed)
    if not (machine / "etc" / "os-release").is_file():
        raise NoNix("there is no nix here, and nothing says which system this is", hint=BY_HAND)
    shutil.copy(machine / "etc" / "os-release", work / "etc")
    derived = shell.attempt(Command((str(_NEXT_SOURCE), *PACKAGES), env={"APT_ROOT": str(work)}))
    if derived.code != 0:
        raise NoNix(f"there is no nix here, and no Debian that has one: {derived.complaint}", hint=BY_HAND)
    if any(listed.glob("sage-next.*")):
        for path in listed.iterdir():
            if not path.name.startswith("sage-next."):
                path.unlink()
    return listed


def _private(work: Path, sources: Path) -> tuple[str, ...]:
    """Return apt's options for lists, status and archive of its own."""
    for name in ("lists/partial", "archives/partial", "root"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": sources,
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Sandbox::User": "root",  # _apt may not write below a folder of ours
        "APT::Update::Error-Mode": "any",  # by default an update without an answer counts as one
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
    }
    return tuple(word for name, value in options.items() for word in ("-o", f"{name}={value}"))


def _apt(options: tuple[str, ...], *words: str) -> None:
    asked = shell.attempt(Command(("apt-get", "-qq", *options, *words), timeout_s=180, env={"LC_ALL": "C"}))
    if asked.code == 0:
        return
    why = "\n".join((asked.complaint or asked.text).splitlines()[-5:])
    if "Unable to locate package" in why or "has no installation candidate" in why:
        raise NoNix(f"this machine's Debian mirror has no nix:\n{why}", hint=BY_HAND)
    raise MirrorSilent(f"there is no nix here, and apt cannot fetch one:\n{why}", hint=_RECONNECT)
