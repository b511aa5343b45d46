"""Every test starts in the same world: no variables of ours or git's, an empty home, no network beyond this machine.

Property tests draw the same examples in every run; `--search` (`invoke test --search`) lets them look for new ones.
`--kills N` says how often a kill test kills; `invoke test --kills N` and SAGE_TEST_KILLS say the same. Unsaid it is 50,
and 10 in a test that is not slow.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from sage_edge.image import engine
from sage_edge.image.errors import DockerError
from tests.nixes import NO_NIX
from tests.real.prepared import NO_MODEL, REF
from tests.standins import boards

__all__ = ["boards"]

KILLS = os.environ.get("SAGE_TEST_KILLS")  # read before the scrubbing below
MANY, FEW = 50, 10
FOREIGN = ("SAGE_", "GIT_", "INVOKE_", "LLAMA_", "HF_")
COLOURS = ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE")
NO_ENGINE = "no Docker engine"
SEARCHED = 300
"""Examples of a property test in a search; a test that says its own number keeps it."""
LONG_S = {"docker": 1800, "real": 900, "full": 4 * 3600}
"""Seconds for one test of a tier whose first test waits: for the stand-ins to be up, for a model and a day raised; and
of the tier that holds whole matrices."""

# the same examples in every run; whoever looks for new ones says --search: a failure prints its input, and the seed
# that `invoke test --search` gives finds it again
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("search", deadline=None, database=None, max_examples=SEARCHED)


def pytest_configure(config: pytest.Config) -> None:
    """Choose how examples are drawn, before the tests that say how many are imported; let Ctrl-C reach them."""
    # a shell starts its background jobs deaf to Ctrl-C, and what they start inherits that
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hypothesis.settings.load_profile("search" if config.getoption("--search") else "same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--search`, `--kills` and `--renew-golden`."""
    parser.addoption("--renew-golden", action="store_true", help="write tests/cases/golden anew")
    parser.addoption("--search", action="store_true", help="property tests draw new examples, and more of them")
    parser.addoption(
        "--kills", type=int, default=int(KILLS) if KILLS else None, help="how often a kill test kills a process"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs an engine where none answers, and give slow tiers their time; `-m` has chosen before."""
    needing = [item for item in items if item.get_closest_marker("docker")]
    if why := _no_engine() if needing else "":
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{NO_ENGINE}: {why}"))
    for item in items:
        seconds = max((time_s for tier, time_s in LONG_S.items() if item.get_closest_marker(tier)), default=0)
        if seconds and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))


def pytest_collection_finish() -> None:
    """What was collected stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def _no_engine() -> str:
    """Why no test can use an engine here; nothing when one answers."""
    try:
        with engine.connect():
            return ""
    except DockerError as absent:
        return absent.message


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in a loud line how many tests had no engine or no model: a green run without them proves nothing of that."""
    reports = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = [longrepr[2] for longrepr in reports if isinstance(longrepr, tuple)]
    for begins, need, mend in (
        (NO_ENGINE, "need a Docker engine, because none answers here", ".ci/engine"),
        (NO_NIX, "ask a real nix, because none is here", "invoke nix.check"),
        (NO_MODEL, "ask a real model, because none is here", f"sage-edge model prepare {REF}"),
    ):
        if count := sum(begins in reason for reason in reasons):
            terminalreporter.write_line(f"NOT TESTED: {count} tests that {need}: {mend}", red=True, bold=True)


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often a slow kill test kills a process."""
    return _said_kills(request.config, MANY)


@pytest.fixture(scope="session")
def few_kills(request: pytest.FixtureRequest) -> int:
    """How often a kill test kills that must be over in seconds."""
    return _said_kills(request.config, FEW)


def _said_kills(config: pytest.Config, unsaid: int) -> int:
    said = config.getoption("--kills")
    return unsaid if said is None else int(said)


@pytest.fixture(scope="session", autouse=True)
def clean_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Scrub the environment for this process and its children; returns the empty home directory."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN) or name in COLOURS:
                patch.delenv(name)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        patch.setenv("PATH", f"{_plain_python(tmp_path_factory.mktemp('bin'))}{os.pathsep}{os.environ['PATH']}")
        yield home


def _plain_python(folder: Path) -> Path:
    """A folder whose python3 is ours: a version manager's costs every push 0.1 s, for the hub's hook asks for it."""
    (folder / "python3").symlink_to(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)), raising=True)
        yield


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *words: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(str(words[-1][0])):
            raise RuntimeError(f"a test wants to leave this machine: {words[-1]}")
        return method(self, *words)

    return guarded


def _is_here(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
