"""The packages of an image: the declared bytes for that Python and processor, fetched once, from files alone."""

from __future__ import annotations

import hashlib
import platform
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.image import spec
from sage_edge.image import wheels as wheelhouse
from sage_edge.image.errors import WheelsMissing
from sage_edge.image.spec import ImageCard
from sage_edge.image.wheels import Target
from sage_edge.inventory.image import Platform
from sage_edge.shell import Command, Result

ROOT = Path(__file__).parents[2]
BOARD = Target("l4t", "3.10", "aarch64")
HASHES = "".join(f" \\\n    --hash=sha256:{digit * 64}" for digit in "ab")


def entry(name: str, marker: str = "") -> str:
    """One entry of hashed requirements, as uv writes it."""
    return f"{name}{f' ; {marker}' if marker else ''}{HASHES}\n"


@given(st.lists(st.sampled_from(["numpy==2.4.6", "rich==15.0.0", f"{wheelhouse.ENGINE}==0.3.36"]), unique=True))
def test_splitting_loses_nothing_and_finds_the_engine(names: list[str]) -> None:
    text = "".join(map(entry, names))
    engine, others = wheelhouse.split(text)
    assert sorted([*wheelhouse.entries(engine), *wheelhouse.entries(others)]) == sorted(map(entry, names))
    assert (wheelhouse.ENGINE in engine) == (f"{wheelhouse.ENGINE}==0.3.36" in names)
    assert wheelhouse.ENGINE not in others


@pytest.mark.parametrize(
    ("python", "machine", "kept"),
    [
        ("3.10", "x86_64", ["numpy==2.2.6", "rich==15.0.0"]),
        ("3.11", "x86_64", ["numpy==2.4.6", "rich==15.0.0"]),
        ("3.13", "aarch64", ["numpy==2.4.6", "arm==1", "rich==15.0.0"]),
    ],
)
def test_markers_are_read_for_the_target_and_not_for_this_python(python: str, machine: str, kept: list[str]) -> None:
    text = (
        entry("numpy==2.2.6", "python_full_version < '3.11'")
        + entry("numpy==2.4.6", "python_full_version >= '3.11'")
        + entry("arm==1", "platform_machine == 'aarch64' and sys_platform == 'linux'")
        + entry("colorama==0.4", "sys_platform == 'win32'")
        + entry("rich==15.0.0")
    )
    chosen = wheelhouse.for_target(text, Target("cpu", python, machine))
    assert [one.split()[0] for one in wheelhouse.entries(chosen)] == kept
    assert chosen.count("--hash=") == 2 * len(kept)
    assert ";" not in chosen


@pytest.mark.parametrize(
    ("name", "platform", "python"),
    [
        ("sprout", "l4t", "3.10"),
        ("thor", "l4t", "3.12"),
        *((name, "cpu", python) for name in ("sprout", "thor") for python in ("3.10", "3.11", "3.12", "3.13")),
    ],
)
def test_the_declared_requirements_name_each_package_once(name: str, platform: Platform, python: str) -> None:
    card = spec.read_cards(ROOT / "images")[name]
    variant = card.platforms[platform]
    text = (ROOT / "images" / name / variant.requirements).read_text("utf-8")
    chosen = list(wheelhouse.entries(wheelhouse.for_target(text, Target.of(variant, platform, python))))
    names = [one.split("==")[0] for one in chosen]
    assert len(names) == len(set(names)) > 10
    assert all("--hash=sha256:" in one for one in chosen)


def test_pip_is_told_about_the_other_machine() -> None:
    words = BOARD.words
    assert words[:4] == ("--python-version", "3.10", "--implementation", "cp")
    assert "--platform=manylinux_2_28_aarch64" in words
    assert not any("x86_64" in word for word in words)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ImageCard]:
    """A checkout whose image needs one small package, which lies in a folder; no index is asked."""
    wheels = tmp_path / "shop"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "acorn-1.0-py3-none-any.whl", "w") as packed:
        packed.writestr("acorn.py", "")
        packed.writestr("acorn-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acorn\nVersion: 1.0\n")
        packed.writestr("acorn-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr("acorn-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    digest = hashlib.sha256((wheels / "acorn-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    card = spec.read_cards(ROOT / "images")["thor"]
    root = tmp_path / "checkout"
    (root / "images" / "thor").mkdir(parents=True)
    (root / "images" / "thor" / "requirements.txt").write_text(f"acorn==1.0 --hash=sha256:{digest}\n", "utf-8")
    flags(root)
    return root, card


def flags(root: Path) -> None:
    """Give a checkout what llama.cpp's binding is compiled with."""
    for name in (wheelhouse.LEAN, wheelhouse.ANYWHERE, wheelhouse.CROSSED):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", "utf-8")


def compiled(folder: Path, library: bytes) -> None:
    """Put a wheel with one library into a folder."""
    with zipfile.ZipFile(folder / "llama_cpp_python-0.3.36-py3-none-linux_x86_64.whl", "w") as packed:
        packed.writestr("llama_cpp/lib/libllama.so.0.5.0", library)


def test_what_is_declared_is_fetched_once(shop: tuple[Path, ImageCard], monkeypatch: pytest.MonkeyPatch) -> None:
    root, card = shop
    told: list[str] = []
    folder = wheelhouse.ensure(root, card, Target("l4t", "3.12", "aarch64"), told.append)
    assert sorted(path.name for path in folder.iterdir()) == [
        "acorn-1.0-py3-none-any.whl",
        "engine",
        "requirements.txt",
    ]
    assert folder.parent == root / ".sage" / "wheels"
    pinned = (folder / "requirements.txt").read_text("utf-8")
    assert pinned.startswith("acorn==1.0 --hash=sha256:")
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    assert wheelhouse.ensure(root, card, Target("l4t", "3.12", "aarch64"), told.append) == folder
    assert told == ["getting the packages of images/thor for l4t (once)"]


def test_other_bytes_of_the_same_name_are_refused_and_nothing_is_kept(shop: tuple[Path, ImageCard]) -> None:
    root, card = shop
    path = root / "images" / "thor" / "requirements.txt"
    path.write_text(f"acorn==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    with pytest.raises(WheelsMissing, match="HASHES") as refused:
        wheelhouse.ensure(root, card, Target("l4t", "3.12", "aarch64"), lambda line: None)
    assert refused.value.code == 4
    assert [one.name for one in (root / ".sage" / "wheels").iterdir() if not one.name.startswith(".")] == []


def test_the_engine_is_compiled_once_for_all_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of work: neither a second image nor another Python asks for it again."""
    engine = f"{wheelhouse.ENGINE}==0.3.36 --hash=sha256:{'a' * 64}\n"
    calls: list[str] = []

    def pip(root: Path, words: tuple[str, ...], requirements: str = "", machine: str = "") -> None:
        calls.append(words[0])
        if words[0] == "wheel":
            compiled(Path(words[-1]), b"compiled")

    monkeypatch.setattr(wheelhouse, "_pip", pip)
    flags(tmp_path)
    cards = spec.read_cards(ROOT / "images")
    for name, python in (("sprout", "3.11"), ("thor", "3.11"), ("sprout", "3.12")):
        (tmp_path / "images" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / name / "requirements-cpu.txt").write_text(engine, "utf-8")
        folder = wheelhouse.ensure(tmp_path, cards[name], Target("cpu", python, "x86_64"), lambda line: None)
        assert [wheelhouse.tells_where(path) for path in (folder / "engine").glob("*.whl")] == [False]
    assert calls.count("wheel") == 1
    assert calls.count("download") == 3


def test_what_pip_has_compiled_in_a_folder_of_its_own_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip keeps a wheel whatever it was compiled with; assertions in that one name a folder that is there once."""
    engine = f"{wheelhouse.ENGINE}==0.3.36 --hash=sha256:{'a' * 64}\n"
    calls: list[tuple[str, ...]] = []

    def pip(root: Path, words: tuple[str, ...], requirements: str = "", machine: str = "") -> None:
        calls.append(words)
        if words[0] == "wheel":
            plain = "--no-cache-dir" in words
            compiled(Path(words[4]), b"./ggml.c" if plain else b"/tmp/pip-wheel-z5qt729i/llama-cpp-python_8f/ggml.c\0")

    monkeypatch.setattr(wheelhouse, "_pip", pip)
    flags(tmp_path)
    (tmp_path / "images" / "thor").mkdir()
    (tmp_path / "images" / "thor" / "requirements-cpu.txt").write_text(engine, "utf-8")
    card = spec.read_cards(ROOT / "images")["thor"]
    folder = wheelhouse.ensure(tmp_path, card, Target("cpu", "3.11", "x86_64"), lambda line: None)
    assert [wheelhouse.tells_where(path) for path in (folder / "engine").glob("*.whl")] == [False]
    assert sum(words[0] == "wheel" for words in calls) == 2


def test_for_another_processor_it_is_compiled_by_a_cross_compiler_and_never_taken_from_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = f"{wheelhouse.ENGINE}==0.3.36 --hash=sha256:{'a' * 64}\n"
    commands: list[Command] = []

    def attempt(command: Command) -> Result:
        commands.append(command)
        return Result(0, b"", b"")

    monkeypatch.setattr("sage_edge.shell.attempt", attempt)
    flags(tmp_path)
    (tmp_path / "images" / "sprout").mkdir()
    (tmp_path / "images" / "sprout" / "requirements-cpu.txt").write_text(engine, "utf-8")
    card = spec.read_cards(ROOT / "images")["sprout"]
    other = "aarch64" if platform.machine() != "aarch64" else "x86_64"
    shelves = {
        machine: wheelhouse.ensure(tmp_path, card, Target("cpu", "3.11", machine), lambda line: None)
        for machine in (other, platform.machine())
    }
    assert len(set(shelves.values())) == 2
    crossed, ours = (command for command in commands if "wheel" in command.words)
    assert "--no-cache-dir" in crossed.words
    assert crossed.env["_PYTHON_HOST_PLATFORM"] == f"linux-{other}"
    assert f"-DCMAKE_TOOLCHAIN_FILE={tmp_path / wheelhouse.CROSSED}" in crossed.env["CMAKE_ARGS"]
    assert "_PYTHON_HOST_PLATFORM" not in ours.env
    assert "TOOLCHAIN" not in ours.env["CMAKE_ARGS"]


@pytest.mark.slow
def test_our_own_code_packs_to_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    packed = []
    for place in ("one", "another place"):
        root = tmp_path / place
        (root / "sage_edge").mkdir(parents=True)
        for name in ("pyproject.toml", "README.md"):
            (root / name).write_bytes((ROOT / name).read_bytes())
        (root / "sage_edge" / "__init__.py").write_text('"""One."""\n', "utf-8")
        wheelhouse.pack_own(root, root / "own")
        (wheel,) = (root / "own").iterdir()
        packed.append(wheel.read_bytes())
    assert packed[0] == packed[1]
