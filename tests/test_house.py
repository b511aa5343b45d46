"""The house stands: floors, doors, sizes and manners of design §3, each proved able to fail."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import house
from tests.house import Source

ROOT = Path(__file__).resolve().parents[1]
SOURCES = house.load(ROOT / "sage_edge")
TOOLS = house.load(ROOT / "tools")
HELPER = [source for source in SOURCES if source.room == "host"]
GROUND = frozenset(f"sage_edge.{room}" for room, floor in house.FLOORS.items() if floor == house.GROUND)
PURE = GROUND | {"sage_edge.records", "sage_edge.scorers"}
SUPPLIERS = (*house.DOORS, "numpy", "httpx", "gguf", "pytest")


def assert_none(faults: list[str]) -> None:
    assert not faults, "\n" + "\n".join(faults)


def every(rule: Callable[[Source], list[str]], sources: list[Source]) -> list[str]:
    return [fault for source in sources for fault in rule(source)]


# --- the house as it is ---


def test_imports_go_down() -> None:
    assert len(SOURCES) > 10
    assert_none(house.floors(SOURCES))


@pytest.mark.parametrize("room", house.PARTS)
def test_the_parts_of_a_room_stand_in_one_order(room: str) -> None:
    assert sum(source.room == room for source in SOURCES) > 10
    assert_none(house.part_order(SOURCES, room))


def test_the_ground_has_no_circles() -> None:
    assert_none(house.ground_cycles(SOURCES))


def test_each_supplier_has_one_door() -> None:
    assert_none(house.doors(SOURCES))


def test_agent_and_deploy_never_meet() -> None:
    meet = {"agent": "deploy", "deploy": "agent"}
    assert_none(
        [
            source.at(node, f"{source.room} imports {name}")
            for source in SOURCES
            for node, name in house.imports(source)
            if source.room in meet and f"{name}.".startswith(f"sage_edge.{meet[source.room]}.")
        ]
    )


def test_scorers_are_pure() -> None:
    scorers = [source for source in SOURCES if source.room == "scorers"]
    assert_none(house.only_standard(scorers, PURE, "a scorer"))


def test_the_helper_on_the_board_needs_nothing() -> None:
    assert len(HELPER) > 10
    assert_none(house.only_standard(HELPER, frozenset({"sage_edge.host"}), "the helper on the board's own OS"))


def test_the_helper_is_packed_and_never_imported() -> None:
    users = [source for source in SOURCES if source.room != "host"]
    assert_none(
        [
            source.at(
                node, f"{source.room} imports {name}; the helper runs on the board, `remote/board/helper.py` packs it"
            )
            for source in users
            for node, name in house.imports(source)
            if f"{name}.".startswith("sage_edge.host.")
        ]
    )


@pytest.mark.parametrize("module", ["sage_edge", "sage_edge.cli"])
def test_importing_loads_no_supplier(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}} & set({SUPPLIERS!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_no_file_is_too_long(record_property: Callable[[str, object], None]) -> None:
    files = [ROOT / "tasks.py"]
    for folder in ("sage_edge", "tools", "tests", "images"):
        files += sorted((ROOT / folder).rglob("*.py"))
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in files}
    longest = max(lines, key=lambda name: lines[name])
    told = (
        f"{len(lines)} files, median {statistics.median(lines.values()):.0f} lines, longest {longest}: {lines[longest]}"
    )
    print(told)
    record_property("lengths", told)
    assert_none(house.lengths(lines))


@pytest.mark.parametrize(
    "rule",
    [house.homes, house.names, house.prints, house.broad_excepts, house.promises, house.docstrings],
    ids=lambda rule: rule.__name__,
)
def test_manners(rule: Callable[[Source], list[str]]) -> None:
    assert_none(every(rule, SOURCES))


@pytest.mark.parametrize(
    "rule",
    [house.homes, house.names, house.broad_excepts, house.promises, house.docstrings],
    ids=lambda rule: rule.__name__,
)
def test_what_stands_beside_the_package_keeps_the_manners_too(rule: Callable[[Source], list[str]]) -> None:
    assert len(TOOLS) > 10
    assert_none(every(rule, [Source("tasks.py", (ROOT / "tasks.py").read_text("utf-8")), *TOOLS]))


def test_the_package_imports_no_tool() -> None:
    assert_none(
        [
            source.at(node, f"imports {name}, which ships in no wheel")
            for source in SOURCES
            for node, name in house.imports(source)
            if f"{name}.".startswith("tools.")
        ]
    )


def test_no_home_and_no_index_in_what_is_not_code() -> None:
    texts = [ROOT / "pyproject.toml", ROOT / ".ci" / "run", *(ROOT / "requirements").iterdir()]
    texts += [path for path in (ROOT / "fleet").rglob("*") if path.is_file()]
    found = re.compile(r"/home/|/Users/|/root/|--(extra-)?index-url|--find-links|\bpypi\b", re.IGNORECASE)
    assert_none([f"{path}: {hit[0]}" for path in texts if (hit := found.search(path.read_text("utf-8")))])


# --- each rule can fail ---


BAD_IMPORTS = [
    ("records/a.py", "import sage_edge.sessions.runner", "up: sessions"),
    ("records/a.py", "from sage_edge import models", "sideways: models"),
    ("mind/a.py", "def f():\n    from sage_edge.scorers import truncation", "sideways: scorers"),
    ("names.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sage_edge.records import base", "up"),
    ("agent/loop.py", "import sage_edge.deploy.plan", "sideways: deploy"),
    ("records/a.py", "from ..sessions import runner", "up: sessions"),
    ("records/__init__.py", "from ..models import card", "sideways: models"),
    ("mind/a.py", "import importlib\nimportlib.import_module('sage_edge.agent')", "up: agent"),
    ("mind/a.py", "from importlib import import_module\nimport_module(name)", "not written here"),
    ("errors.py", "from sage_edge.cli import main", "up: cli"),
    ("sessions/a.py", "from sage_edge.demo import walk", "up: demo"),
    ("__init__.py", "from sage_edge.records import base", "the package itself"),
    ("attic/a.py", "import os", "has no floor"),
    ("mind/a.py", "import sage_edge.attic", "has no floor"),
]


@pytest.mark.parametrize(("path", "text", "says"), BAD_IMPORTS)
def test_floors_can_fail(path: str, text: str, says: str) -> None:
    assert says in "".join(house.floors([Source(path, text)]))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sessions/a.py", "from sage_edge import __version__\nfrom sage_edge.records import base\nimport os"),
        ("sessions/a.py", "from .journal import Journal\nfrom ..records import base\nfrom sage_edge.sessions import b"),
        ("files.py", "from sage_edge.errors import StorageError"),
        ("demo.py", "from sage_edge.cli import main"),
        ("cli/a.py", "import importlib\nimportlib.import_module(name)"),
    ],
)
def test_floors_can_pass(path: str, text: str) -> None:
    assert house.floors([Source(path, text)]) == []


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("models/store/gc.py", "from sage_edge.models.inspect import classify", "models/store imports models/inspect"),
        ("models/card.py", "def f():\n    from sage_edge.models import prepare", "models/card imports models/prepare"),
        ("models/inspect/a.py", "from ..prepare.run import prepare", "models/inspect imports models/prepare"),
        ("models/attic/a.py", "import os", "'attic' has no place in the order of models"),
        ("models/store/gc.py", "from sage_edge.models import attic", "models/store imports models/attic"),
        ("models/store/gc.py", "from sage_edge.models.store import blobs\nfrom sage_edge.models import card", ""),
        ("models/__init__.py", "import os", ""),
        ("records/a.py", "import os", ""),
    ],
)
def test_the_order_of_parts_can_fail(path: str, text: str, says: str) -> None:
    faults = house.part_order([Source(path, text)], "models")
    assert says in "".join(faults)
    assert bool(faults) == bool(says)


def test_circles_can_fail() -> None:
    ring = [("errors.py", "names"), ("names.py", "files"), ("files.py", "errors"), ("clock.py", "errors")]
    faults = house.ground_cycles([Source(path, f"import sage_edge.{other}") for path, other in ring])
    assert [fault.split(":")[0] for fault in faults] == ["errors.py", "files.py", "names.py"]


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("engines/llamacpp.py", "import llama_cpp", 0),
        ("models/prepare/merge.py", "import torch\nfrom tokenizers import Tokenizer", 0),
        ("models/prepare/run.py", "import torch", 1),
        ("engines/http.py", "import llama_cpp", 1),
        ("engines/http.py", "def f():\n    import torch.nn\n    from transformers import X", 2),
        ("models/prepare/merge.py", "import importlib\nimportlib.import_module('docker')", 1),
        ("deploy/plan.py", "from fabric import Connection", 1),
        ("analysis/report.py", "import matplotlib.pyplot", 1),
        ("models/download/fetch.py", "from huggingface_hub import snapshot_download", 1),
    ],
)
def test_doors_can_fail(path: str, text: str, count: int) -> None:
    assert len(house.doors([Source(path, text)])) == count


@pytest.mark.parametrize(
    "text", ["import numpy", "from pydantic import BaseModel", "from sage_edge.models import card"]
)
def test_purity_can_fail(text: str) -> None:
    good = "import re\nfrom sage_edge.records import base\nfrom sage_edge.errors import SageError"
    assert house.only_standard([Source("scorers/a.py", good)], PURE, "a scorer") == []
    assert len(house.only_standard([Source("scorers/a.py", text)], PURE, "a scorer")) == 1


RULES: list[tuple[Callable[[Source], list[str]], str, str, int]] = [
    (house.homes, "mind/a.py", "from pathlib import Path\nA = Path.home()\nB = Path('x').expanduser()", 2),
    (house.homes, "mind/a.py", "A = '/home/dp'\nB = f'/Users/{x}'\nC = '/root/x'\nD = '~/.sage'\nE = '~'", 5),
    (house.homes, "mind/a.py", "'''Docs may say ~/x.'''\nA = '/srv/sage/home'\nB = 'a~/b'\nC = self.home", 0),
    (house.homes, "paths.py", "A = '/home/x'", 0),
    (house.names, "mind/salience_v2.py", "", 1),
    (house.names, "mind/salience2.py", "", 1),
    (house.names, "mind/salience_old.py", "", 1),
    (house.names, "mind/utils.py", "", 1),
    (house.names, "helpers/salience.py", "", 1),
    (house.names, "engines/transformers_.py", "", 0),
    (house.names, "records/__init__.py", "", 0),
    (house.prints, "mind/a.py", "def f():\n    print('x')", 1),
    (house.prints, "cli/a.py", "print('x')", 0),
    (house.prints, "mind/a.py", "console.print('x')", 0),
    (house.broad_excepts, "mind/a.py", "try:\n    f()\nexcept Exception:\n    pass", 1),
    (house.broad_excepts, "mind/a.py", "try:\n    f()\nexcept:\n    pass", 1),
    (house.broad_excepts, "mind/a.py", "try:\n    f()\nexcept (OSError, Exception):  # noqa: BLE001\n    pass", 1),
    (
        house.broad_excepts,
        "mind/a.py",
        "try:\n    f()\nexcept Exception:  # the caller reports all of them\n    pass",
        0,
    ),
    (house.broad_excepts, "mind/a.py", "try:\n    f()\nexcept OSError:\n    pass", 0),
    (house.promises, "mind/a.py", "x = 1  # TO" + "DO: more", 1),
    (house.docstrings, "mind/a.py", "class A: ...\ndef f(): ...\ndef _g(): ...", 3),
    (house.docstrings, "mind/a.py", "'''M.'''\nclass A:\n    '''An A.'''\nclass B(A): ...\nclass C(Z): ...", 1),
    (house.docstrings, "mind/a.py", "'''A module.'''\ndef f():\n    '''Return nothing.'''", 0),
]


@pytest.mark.parametrize(("rule", "path", "text", "count"), RULES)
def test_manners_can_fail(rule: Callable[[Source], list[str]], path: str, text: str, count: int) -> None:
    assert len(rule(Source(path, text))) == count, rule(Source(path, text))


def test_lengths_can_fail() -> None:
    assert house.lengths({"a.py": house.LONGEST, "b.py": house.LONGEST + 1}) == ["b.py:401: 401 lines, at most 400"]
