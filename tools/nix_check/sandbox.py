"""What a build sees: nix's sandbox with this machine's /usr and our environment in it, and not the checkout.

    /usr /lib /lib64    this machine's
    /bin/sh             its bash
    /env                the environment that runs us (.venv); also where it really lies, for the links in it
    …                   the Python that it was made with, and further folders of packages on its path
    /dist               files that pip has fetched, for pinned hashes

The real nixpkgs is not to be had offline, so builders of the stand-in run what lies there. What is asked of the flake,
its source set and its commands, is the flake's own.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from sage_edge import files
from tools.nix_check.errors import NoSandbox
from tools.nix_check.flake import last_error
from tools.nix_check.program import Nix

_PROBE = """
derivation {
  name = "probe"; system = builtins.currentSystem; builder = "/bin/sh";
  args = [ "-c" "test ! -e CHECKOUT/tasks.py && test -x /env/bin/python && echo isolated >$out; exit 0" ];
}
"""


def with_environment(nix: Nix) -> Nix:
    """Return a nix whose builds see our environment, and the files in its folder of fetched ones."""
    files.make_folder(nix.pypi)
    environment, base = Path(sys.prefix), Path(sys.base_prefix).resolve()
    folders = {environment, base, *_packages(environment), *_linked(environment)}
    own = sorted(str(path) for path in folders if not path.is_relative_to("/usr"))
    return dataclasses.replace(nix, mounts=(*nix.mounts, f"/env={environment}", *own, f"/dist={nix.pypi}"))


def _packages(environment: Path) -> list[Path]:
    """Return folders of packages that lie outside of the environment; the checkout itself is none of them."""
    outside = (Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages"))
    return [path for path in outside if path.is_dir() and not path.is_relative_to(environment)]


def _linked(environment: Path) -> list[Path]:
    """Return folders to which programs of the environment are links."""
    links = (path.resolve() for path in (environment / "bin").iterdir() if path.is_symlink())
    return [path.parent for path in links if path.is_file() and not path.is_relative_to(environment)]


def probe(nix: Nix, checkout: Path) -> str:
    """Build something tiny. Returns what the sandbox was seen to do. Raises NoSandbox."""
    if parted := [mount for mount in nix.mounts if len(mount.split()) > 1]:
        message = f"nix's list of what a sandbox holds knows no spaces: {', '.join(parted)}"
        raise NoSandbox(message, hint="clone into a folder without spaces in its path")
    script = _PROBE.replace("CHECKOUT", str(checkout))
    built = nix.ask("build", "--impure", "--no-link", "--print-out-paths", "--expr", script)
    if built.code != 0:
        raise NoSandbox(f"nix cannot build in its sandbox here: {last_error(built)}", output=built.complaint)
    return "a build sees /usr and the environment, and not the checkout"
