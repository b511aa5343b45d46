"""The images that nix makes start, are looked at and say of themselves what those of the Dockerfiles do."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge import __version__
from sage_edge.image import build_context, spec
from sage_edge.models.card_sources import PackageSource
from sage_edge.models.cards import read_cards
from tests.nix.asking import ROOT, Asked
from tools.nix_check.flake import SYSTEM

pytestmark = pytest.mark.slow

OUTPUTS = {"sprout": "packages.image-practitioner-cpu", "thor": "packages.image-researcher-cpu"}
CARDS = spec.read_cards(ROOT / "images")
SECOND = 1_000_000_000
OWN_PATH = "PATH=/usr/local/bin:/usr/bin"
"""What an image of a base has from it."""


def instructions(name: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction of what runs, with its words on one line."""
    text = build_context.dockerfile(ROOT / "images", name).partition("AS base\n")[2]
    for line in text.replace("\\\n", " ").splitlines():
        if match := re.match("([A-Z]+) +(.*)", line):
            yield match[1], match[2]


def arguments(name: str, revision: str, committed: str) -> dict[str, str]:
    """What `invoke image.build --platform cpu` gives this Dockerfile."""
    card = CARDS[name]
    models = card.baked("cpu")
    sources = [read_cards(ROOT / "fleet")[ref].source for ref in models[:1]]
    digests = [source.file.digest for source in sources if isinstance(source, PackageSource)]
    return {
        "PLATFORM": "cpu", "ROLE": card.role, "BOARD": card.board, "MODEL": models[0] if models else "",
        "MODEL_DIGEST": digests[0] if digests else "", "VERSION": __version__, "REVISION": revision,
        "SOURCE_DATE_EPOCH": committed,
    }  # fmt: skip


def configuration(name: str, revision: str, committed: str) -> dict[str, Any]:
    """What the Dockerfile makes of an image's configuration, as OCI writes it."""
    given, config = arguments(name, revision, committed), dict[str, Any](Env=set(), Labels={})
    for instruction, words in instructions(name):
        words = re.sub(r"\$\{(\w+)}", lambda m: given[m[1]], words) if instruction in ("ENV", "LABEL") else words
        pairs = dict(word.split("=", 1) for word in shlex.split(words) if "=" in word)
        if instruction == "ENV":
            config["Env"] |= {f"{key}={value}" for key, value in pairs.items()}
        elif instruction == "LABEL":
            config["Labels"] |= pairs
        elif instruction in ("ENTRYPOINT", "CMD"):
            config[instruction.capitalize()] = json.loads(words)
        elif instruction in ("USER", "WORKDIR"):
            config["User" if instruction == "USER" else "WorkingDir"] = words
        elif instruction == "HEALTHCHECK":
            said, _, test = words.partition(" CMD ")
            config["Healthcheck"] = {**_durations(said), "Test": ["CMD", *json.loads(test)]}
    return config


def _durations(said: str) -> dict[str, int]:
    pairs = dict(flag.removeprefix("--").split("=") for flag in said.split())
    spans = {key: int(pairs[flag].removesuffix("s")) * SECOND for key, flag in _SPANS.items()}
    return {**spans, "Retries": int(pairs["retries"])}


_SPANS = {"Interval": "interval", "Timeout": "timeout", "StartPeriod": "start-period"}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_image_of_nix_is_set_up_as_the_dockerfile_says(here: Asked, name: str) -> None:
    made = here.of_system(f"{OUTPUTS[name]}.config")
    (committed,) = (value for key, _, value in (word.partition("=") for word in made["Env"]) if key == "SAGE_COMMITTED")
    assert re.fullmatch("[0-9]{10}", committed)
    wanted = configuration(name, made["Labels"]["org.opencontainers.image.revision"], committed)
    assert OWN_PATH in made["Env"]
    assert {**made, "Env": set(made["Env"]) - {OWN_PATH}} == wanted
    assert wanted["User"] == "10001:10001"
    assert len(wanted["Env"]) == 10
    assert len(wanted["Labels"]) == 9


def test_a_difference_would_show() -> None:
    """What is compared holds all of it: another line of a Dockerfile makes another configuration."""
    made = configuration("sprout", "0" * 12, "1790000000")
    assert made["Healthcheck"] == {
        "Test": ["CMD", "sage-healthy"], "Interval": 5 * SECOND, "Timeout": 5 * SECOND,
        "StartPeriod": 60 * SECOND, "Retries": 3,
    }  # fmt: skip
    assert made["Entrypoint"] == ["/usr/bin/tini", "--", "sage-edge"]
    assert made["Labels"]["sage.model"] == "smollm2-135m/instruct:q4_1"
    assert made["Labels"]["org.opencontainers.image.title"] == "sage-edge for a practitioner"
    assert configuration("thor", "0" * 12, "1790000000")["Healthcheck"]["StartPeriod"] == 300 * SECOND


def test_only_the_image_that_bakes_a_model_has_one(here: Asked) -> None:
    has = {name: here.of_system(output, "image: image ? model") for name, output in OUTPUTS.items()}
    assert has == {"sprout": True, "thor": False}
    assert here.of_system("packages.image-practitioner-cpu.model.name") == "sage-model-store"


def test_a_changed_tree_does_not_pass_for_its_commit(changed: Asked) -> None:
    folder, nix = changed.flake.folder, changed.flake.nix
    address = f"git+file://{folder}"

    def revision() -> str:
        said = nix.ask("eval", "--raw", "--offline", f'{address}#{_LABELS}."org.opencontainers.image.revision"')
        assert said.code == 0, said.complaint
        return said.text

    # nix knows no commit while an input is another than the lock's, so the lock has to be the stand-in's
    flake = folder / "flake.nix"
    flake.write_text(
        re.sub(r"github:NixOS/nixpkgs/[\w.-]+", f"path:{changed.standin}", flake.read_text("utf-8")), "utf-8"
    )
    assert nix.ask("flake", "lock", address, "--offline").code == 0
    assert revision().endswith("-dirty")
    git(folder, "commit", "--quiet", "--all", "--message=lock")
    commit = git(folder, "rev-parse", "--short=12", "HEAD")
    assert revision() == commit
    (folder / "README.md").write_text("changed\n", "utf-8")
    assert revision() == f"{commit}-dirty"
    unit = nix.ask("eval", "--raw", "--offline", f"{address}#{_UNIT}")
    assert f"SAGE_RELEASE=unreleased-{__version__}+{commit}-dirty" in unit.text


_UNIT = f'checks.{SYSTEM}.units.units."sage-practitioner.service"'
_LABELS = f"packages.{SYSTEM}.image-researcher-cpu.config.Labels"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.internal")
    done = subprocess.run(("git", "-C", str(folder), *who, *words), capture_output=True, text=True, check=True)
    return done.stdout.strip()
