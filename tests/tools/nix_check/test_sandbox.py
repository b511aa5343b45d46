"""The sandbox: that builds are isolated where they can be, and that nothing is built where they cannot."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from tests import nixes
from tools.nix_check import program, sandbox
from tools.nix_check.errors import NoSandbox
from tools.nix_check.program import Nix

IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user")
NONE_BELOW = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
PROBE = """
import sys
from pathlib import Path
from tools.nix_check import sandbox
from tools.nix_check.errors import NoSandbox
from tools.nix_check.program import Nix
try:
    sandbox.probe(Nix(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None), Path("/"))
except NoSandbox as refusal:
    print(refusal.message)
"""


def test_a_folder_with_spaces_is_named() -> None:
    with pytest.raises(NoSandbox, match="/my clone/"):
        sandbox.probe(Nix(Path("/nowhere"), mounts=("/usr", "/env=/my clone/.venv")), nixes.ROOT)


@pytest.mark.slow
def test_a_build_does_not_see_the_checkout(nix: Nix) -> None:
    assert "not the checkout" in sandbox.probe(nix, nixes.ROOT)


@pytest.mark.slow
def test_a_build_that_sees_the_checkout_proves_nothing(nix: Nix) -> None:
    seeing = dataclasses.replace(nix, mounts=(*nix.mounts, str(nixes.ROOT)), place=nix.place / "seeing")
    with pytest.raises(NoSandbox):
        sandbox.probe(seeing, nixes.ROOT)


@pytest.mark.slow
def test_where_no_namespace_can_be_made_nothing_is_built(nix: Nix, tmp_path: Path) -> None:
    if subprocess.run((*IN_A_NAMESPACE, "true"), capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here")
    given = (str(tmp_path / "nix"), *([str(nix.unpacked)] if nix.unpacked else []))
    inside = (*IN_A_NAMESPACE, "sh", "-c", NONE_BELOW, "sh", sys.executable, "-c", PROBE, *given)
    asked = subprocess.run(inside, cwd=nixes.ROOT, capture_output=True, text=True)
    assert "namespaces" in asked.stdout, asked.stderr


@pytest.mark.slow
def test_a_store_can_be_removed(nix: Nix) -> None:
    own = dataclasses.replace(nix, place=nix.place / "removed")
    sandbox.probe(own, nixes.ROOT)
    assert own.store.is_dir()
    program.clear_store(own)
    assert not own.store.exists()
    program.clear_store(own)
