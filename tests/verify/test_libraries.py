"""The seeds' case: a torch whose libraries need NVIDIA's libnvpl, which is not there. The first is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sage_edge.verify import libraries, machine_judges
from sage_edge.verify.libraries import Missing
from tests.verify import stubs
from tests.verify.stubs import needs_compiler

LAPACK, BLAS, CUDSS = "libnvpl_lapack_lp64_gomp.so.0", "libnvpl_blas_lp64_gomp.so.0", "libcudss.so.0"


@pytest.fixture(scope="module")
def torch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like torch's: _C needs libtorch.so, which needs libtorch_cpu.so, which needs two of NVIDIA's."""
    home = tmp_path_factory.mktemp("torch")
    lib = home / "lib"
    lapack, blas = (stubs.library(lib / name) for name in (LAPACK, BLAS))
    cpu = stubs.library(lib / "libtorch_cpu.so", [lapack, blas])
    whole = stubs.library(lib / "libtorch.so", [cpu])
    stubs.library(lib / "libtorch_global_deps.so")
    stubs.library(home / "_C.cpython-311-x86_64-linux-gnu.so", [whole], place="$ORIGIN/lib")
    stubs.library(lib / "libtorchbind_test.so", [stubs.library(lib / "libunused.so.1")])
    (lib / "libunused.so.1").unlink()
    return home


def roots(torch: Path) -> list[Path]:
    return [path for pattern in libraries.ROOTS["torch"] for path in sorted(torch.glob(pattern))]


@needs_compiler
def test_with_all_its_libraries_torch_loads(torch: Path) -> None:
    said = libraries.load("torch", "2.8.0", roots(torch))
    assert (said.missing, said.refusal, said.loaded) == ((), "", 2)
    finding = machine_judges.libraries(said)
    assert (finding.verdict, finding.answer) == ("ok", "2.8.0: 2 libraries load, with all that they need")


@needs_compiler
def test_the_first_missing_library_is_named_with_who_needs_it_and_the_remedy(torch: Path) -> None:
    aside = [(torch / "lib" / name).rename(torch / name) for name in (LAPACK, BLAS)]
    try:
        said = libraries.load("torch", "2.8.0", roots(torch))
    finally:
        for path in aside:
            path.rename(torch / "lib" / path.name)
    assert said.missing == (Missing(LAPACK, "libtorch_cpu.so"), Missing(BLAS, "libtorch_cpu.so"))
    finding = machine_judges.libraries(said)
    assert finding.verdict == "fail"
    assert finding.answer == f"{LAPACK} is missing, which libtorch_cpu.so needs; after it: {BLAS}"
    assert finding.remedy == (
        "take a torch that bundles it (the public aarch64 wheel, from 2.15.0), or install NVIDIA's nvpl"
    )


@needs_compiler
def test_a_library_that_lacks_a_symbol_is_told_in_the_loaders_words(tmp_path: Path) -> None:
    body = "extern int nowhere(void); int g(void) { return nowhere(); }"
    said = libraries.load("torch", "2.8.0", [stubs.library(tmp_path / "libtorch_global_deps.so", body=body)])
    assert said.missing == ()
    assert "undefined symbol: nowhere" in said.refusal
    assert machine_judges.libraries(said).verdict == "fail"


@needs_compiler
def test_a_library_that_crashes_is_a_finding_and_not_our_end(tmp_path: Path) -> None:
    body = "#include <stdlib.h>\n__attribute__((constructor)) void start(void) { abort(); }"
    said = libraries.load("torch", "2.8.0", [stubs.library(tmp_path / "libtorch_global_deps.so", body=body)])
    assert said.refusal == "loading ended with -6: no word"


@needs_compiler
def test_a_package_that_finds_its_libraries_by_itself_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = stubs.library(tmp_path / "nvidia" / CUDSS)
    home = tmp_path / "stubtorch"
    stubs.library(home / "lib" / "libtorch_global_deps.so", [elsewhere])
    (home / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(libraries.ROOTS, "stubtorch", ("lib/*.so",))
    assert libraries.examine("stubtorch").missing == ()
    (home / "__init__.py").write_text(
        "import ctypes, pathlib\nctypes.CDLL(pathlib.Path(__file__).parent / 'lib/libtorch_global_deps.so')"
    )
    assert libraries.examine("stubtorch").missing == (Missing(CUDSS, "libtorch_global_deps.so"),)
    assert "libtorch" not in str(sys.modules.get("stubtorch"))


def test_what_is_not_installed_is_said_and_not_failed() -> None:
    finding = machine_judges.libraries(libraries.Libraries("torch", None))
    assert (finding.verdict, finding.answer) == ("skipped", "not installed here")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (LAPACK, "nvpl"),
        (CUDSS, "cudss"),
        ("libcuda.so.1", "runtime: nvidia"),
        ("libcudart.so.12", "another CUDA"),
        ("libgomp.so.1", "apt-get install libgomp1"),
        ("libodd.so.3", "apt-file search libodd.so.3"),
    ],
)
def test_every_missing_library_has_a_remedy(name: str, says: str) -> None:
    assert says in machine_judges.library_remedy(name)


@needs_compiler
def test_without_ldd_the_first_missing_library_is_still_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = stubs.library(tmp_path / "libgone.so.1")
    needy = stubs.library(tmp_path / "libneedy.so", [gone])
    gone.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert libraries.load("torch", "2.8.0", [needy]).missing == (Missing("libgone.so.1", "libneedy.so"),)
