"""What a build that failed says about its reason."""

from __future__ import annotations

import pytest

from tools.nix_check import builds

KNOWN = ["README.md", "fleet/fleet.yaml", "sage_edge/cli/__init__.py", "sage_edge/clock.py"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("OSError: Readme file does not exist: README.md", ["README.md"]),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'fleet/fleet.yaml'", ["fleet/fleet.yaml"]),
        ("cat: README.md: No such file or directory", ["README.md"]),
        ("cp: cannot stat './README.md': No such file or directory", ["README.md"]),
        ("ModuleNotFoundError: No module named 'sage_edge.clock'", ["sage_edge/clock.py"]),
        ("ModuleNotFoundError: No module named 'sage_edge.cli'", ["sage_edge/cli/__init__.py"]),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/tmp/x'", []),
        ("ModuleNotFoundError: No module named 'numpy'", []),
        ("README.md is a file", []),
    ],
)
def test_a_file_of_the_checkout_that_was_not_there(line: str, names: list[str]) -> None:
    assert list(builds.absent([line], KNOWN)) == names


def test_the_last_line_of_a_build_is_its_result() -> None:
    assert builds.ended("checking\nsage-check> 3 passed\nsage-check> ==== 4 passed in 1 s ====\n") == "4 passed in 1 s"
    assert builds.ended("types> \x1b[1m\x1b[32mSuccess: 9 files\x1b[m\ntypes> \n") == "Success: 9 files"
    assert builds.ended("warning: nothing was built\n") == ""
