"""`sage-edge corpus export` as a person calls it, and its tables as pandas, DuckDB and Dask read them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from tests import corpora
from tests.builders import transcript

ROOT = Path(__file__).parents[2]
FLEET = ROOT / "fleet"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(FLEET))
    monkeypatch.setenv("SAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")


def ask(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("pyarrow", "sage_edge.analysis.dataset"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = ask("corpus", "export", "--corpus", tmp_path, "--parquet", tmp_path / "tables")
    assert refused.exit_code == 1
    assert "pyarrow is not installed" in refused.stderr
    assert "pip install 'sage-edge[dataset]'" in refused.stderr


def test_an_export_says_what_it_wrote(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    corpora.write(tmp_path / "papers", transcript("P001"))
    (tmp_path / "papers" / "sessions" / "bad.json").write_text("{")
    words = ("corpus", "export", "--corpus", tmp_path / "papers", "--parquet", tmp_path / "tables")
    done = ask(*words)
    assert done.exit_code == 0, done.output
    assert [line.split() for line in done.stdout.splitlines()[-5:-3]] == [["sessions", "1"], ["turns", "3"]]
    assert "bad.json" in done.stderr
    assert f"{tmp_path / 'tables'} is written" in done.stderr.replace("\n", "")
    again = ask(*words, "--json")
    document = json.loads(again.stdout)
    assert (document["schema"], document["content"]["new"]) == ("sage-edge/export/1", False)
    other = ask(*words, "--host", "sprout", "--mind", "Nova")
    assert (other.exit_code, "no session here is of the mind 'Nova'" in other.stderr) == (2, True)
    corpora.write(tmp_path / "papers", transcript("P002"))
    refused = ask(*words)
    assert refused.exit_code == 2
    assert "is there, and is not empty" in refused.stderr


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a corpus with two hosts and a paper that does not count, and beside it what `analyse` says."""
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    folder = tmp_path_factory.mktemp("dataset")
    corpora.write_all(folder / "papers", 30)
    for number in (1, 2, 3):
        corpora.write(folder / "papers" / "sessions" / "thor", transcript(f"P{number:03d}", host="thor"))
    twice = transcript("P003", host="thor", replies=["I am another."])
    corpora.write(folder / "papers" / "sessions" / "twice", twice)  # its number is claimed twice: none of them counts
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGE_FLEET", str(FLEET))
        patch.setenv("SAGE_CACHE", str(folder / "cache"))
        done = ask("corpus", "export", "--corpus", folder / "papers", "--parquet", folder / "tables")
        assert done.exit_code == 0, done.output
        (folder / "analyse.json").write_text(ask("analyse", "--corpus", folder / "papers", "--json").stdout)
    return folder / "tables"


KEYS = ("host", "mind", "track", "scorer", "version", "quantity")


def numbers(tables: Path) -> dict[tuple[object, ...], tuple[int, float]]:
    """What `analyse` says: the count and the mean of every quantity."""
    content = json.loads((tables.parent / "analyse.json").read_text())["content"]
    found = {tuple(row[key] for key in KEYS): (row["n"], row["value"]) for row in content["numbers"]}
    assert len(found) > 50
    return found


def close(rows: dict[tuple[Any, ...], tuple[int, float]]) -> dict[tuple[Any, ...], Any]:
    return {key: (n, pytest.approx(mean, abs=1e-12)) for key, (n, mean) in rows.items()}


@pytest.mark.slow
def test_pandas_finds_the_numbers_of_analyse(tables: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    sessions = pandas.read_parquet(tables / "sessions.parquet")
    marks = pandas.read_parquet(tables / "measures.parquet")
    counting = marks.merge(sessions[sessions["counts"]], on="session")
    grouped = counting.groupby(list(KEYS))["value"].agg(["count", "mean"])
    assert {key: (int(n), float(mean)) for key, n, mean in grouped.itertuples()} == close(numbers(tables))
    assert str(sessions["started"].dt.tz) == "UTC"


@pytest.mark.slow
def test_duckdb_finds_the_numbers_of_analyse(tables: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    keys = ", ".join(KEYS)
    rows = duckdb.sql(
        f"SELECT {keys}, count(*), avg(value) FROM '{tables}/measures.parquet' JOIN '{tables}/sessions.parquet' "  # noqa: S608
        f"USING (session) WHERE counts GROUP BY {keys}"
    ).fetchall()
    assert {tuple(row[:-2]): (row[-2], row[-1]) for row in rows} == close(numbers(tables))


@pytest.mark.slow
def test_the_example_with_dask_finds_the_numbers_of_analyse(tables: Path) -> None:
    pytest.importorskip("dask", reason="dask is not installed")
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(import dask.*?)```", text, re.DOTALL)
    script = example.replace('"DIR', f'"{tables}')
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True, timeout=120)
    rows = [line.split()[1:] for line in done.stdout.splitlines()[1:]]
    shown: dict[tuple[object, object], object] = {(host, track): (int(n), float(mean)) for host, track, n, mean in rows}
    expected: dict[tuple[object, object], object] = {
        (key[0], key[2]): (n, pytest.approx(mean, abs=1e-6))
        for key, (n, mean) in numbers(tables).items()
        if key[3:] == ("truncation", 1, "cut")
    }
    assert shown == expected
