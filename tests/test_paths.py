"""Where this process reads and writes: what the environment names, or the documented defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import hints, paths
from sage_edge.errors import UsageError
from sage_edge.paths import Paths


def checkout(folder: Path) -> Path:
    """A folder with declarations in it."""
    (folder / "fleet").mkdir(parents=True)
    (folder / "fleet" / "fleet.yaml").touch()
    return folder


def test_the_nearest_fleet_upwards_is_found(tmp_path: Path) -> None:
    inner = checkout(checkout(tmp_path) / "inner") / "a" / "b"
    inner.mkdir(parents=True)
    assert Paths.from_env({}, inner).fleet == tmp_path / "inner" / "fleet"
    assert Paths.from_env({}, tmp_path).fleet == tmp_path / "fleet"


def test_the_environment_names_every_place(tmp_path: Path) -> None:
    env = {f"SAGE_{name}": str(tmp_path / name) for name in ("FLEET", "CARD", "STATE", "MODELS", "FACTS_ROOT")}
    found = Paths.from_env(env, tmp_path)
    assert found == Paths(*(tmp_path / name for name in ("FLEET", "CARD", "STATE", "MODELS", "FACTS_ROOT")))


def test_empty_variables_count_as_absent(tmp_path: Path) -> None:
    names = ("FLEET", "CARD", "STATE", "MODELS", "FACTS_ROOT")
    here = checkout(tmp_path)
    assert Paths.from_env({f"SAGE_{name}": "" for name in names}, here) == Paths.from_env({}, here)


VARIABLES = ("FLEET", "CARD", "STATE", "MODELS", "FACTS_ROOT", "KEY", "IMAGE_CARD")


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize(
    "text", ["~/sage", "~", "~anna/sage", "$HOME/sage", "${HOME}/sage", '"/srv/sage"', "'/srv/sage'"]
)
def test_a_path_that_only_a_shell_would_make_is_refused_by_its_variable(tmp_path: Path, name: str, text: str) -> None:
    """A unit or a file of variables hands it on as it is; a folder called ~ is nobody's state."""
    with pytest.raises(UsageError) as refused:
        Paths.from_env({f"SAGE_{name}": text}, checkout(tmp_path))
    assert refused.value.message == f"SAGE_{name} is {text!r}, which only a shell turns into a path"
    assert hints.text(refused.value.hint) == f"write the whole path, without quotes: SAGE_{name}=/…"


def test_a_cache_is_no_word_of_a_shell_either() -> None:
    for name in ("SAGE_CACHE", "SAGE_STATE"):
        with pytest.raises(UsageError, match=f"{name} is '~/x'"):
            paths.cache({name: "~/x"})


def test_a_sign_within_a_path_is_a_part_of_it(tmp_path: Path) -> None:
    odd = {"SAGE_STATE": str(tmp_path / "~" / "$x")}
    assert Paths.from_env(odd, checkout(tmp_path)).state == tmp_path / "~" / "$x"


def test_everything_that_is_written_lies_below_the_state(tmp_path: Path) -> None:
    found = Paths.from_env({"SAGE_STATE": str(tmp_path)}, checkout(tmp_path))
    places = (found.journals, found.papers, found.exchange, found.locks, found.heartbeat)
    assert len(set(places)) == len(places)
    assert {place.parent for place in places} == {tmp_path}


def test_without_a_fleet_the_next_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SYSTEM_FLEET", tmp_path / "absent")
    with pytest.raises(UsageError, match=r"no fleet/fleet\.yaml") as refused:
        Paths.from_env({}, tmp_path)
    assert "SAGE_FLEET" in hints.text(refused.value.hint)


def test_a_board_uses_what_was_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SYSTEM_FLEET", checkout(tmp_path / "current") / "fleet")
    assert Paths.from_env({}, tmp_path).fleet == tmp_path / "current" / "fleet"


def test_what_can_be_computed_again_lies_where_it_may() -> None:
    assert paths.cache({}) == Path("/srv/sage/state/cache")
    assert paths.cache({"HOME": "/mine", "XDG_CACHE_HOME": "relative"}) == Path("/mine/.cache/sage-edge")
    assert paths.cache({"XDG_CACHE_HOME": "/caches"}) == Path("/caches/sage-edge")
    assert paths.cache({"XDG_CACHE_HOME": "/caches", "SAGE_STATE": "/state"}) == Path("/state/cache")
    assert paths.cache({"SAGE_STATE": "/state", "SAGE_CACHE": "/mine"}) == Path("/mine")
