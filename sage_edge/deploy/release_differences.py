"""What differs between the release on a board and the one that is wanted, key by key with both values."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import yaml
from pydantic import JsonValue

from sage_edge.deploy import host_declarations, parsed_compose
from sage_edge.errors import SageError
from sage_edge.inventory import load
from sage_edge.records.base import canonical

ReleaseMeaning = Mapping[str, JsonValue]
"""All that a release says: what concerns its host (`host_declarations`), and each compose file by its name."""

MOST_SHOWN = 200
"""So many characters of a value are shown, of each side."""

_NOT_SAID = "not declared"


def meaning_of_texts(texts: Mapping[str, str], overlay: str | None, host: str) -> ReleaseMeaning | None:
    """Return what the files of a release say; None where this version cannot read them any more.

    texts: path → text, as a board has them: not believed, so nothing is written outside a passing folder.
    """
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.items():
            if (path := PurePosixPath(name)).is_absolute() or ".." in path.parts:
                return None
            Path(place, path).parent.mkdir(parents=True, exist_ok=True)
            Path(place, path).write_text(text, "utf-8")
        try:
            fleet = load.load(Path(place, "fleet"), overlay)
            composes = {name: text for name, text in texts.items() if "/" not in name and name.endswith(".yaml")}
            return whole_meaning(host_declarations.concerning(fleet, fleet.host(host)), composes)
        except (SageError, ValueError, OSError, yaml.YAMLError):
            return None


def whole_meaning(declared: ReleaseMeaning, composes: Mapping[str, str]) -> ReleaseMeaning:
    """Return what declarations and compose files say together. composes: file name → text."""
    return {**declared, **{name.removesuffix(".yaml"): parsed_compose.meaning(text) for name, text in composes.items()}}


def differences(before: ReleaseMeaning, after: ReleaseMeaning) -> Iterator[str]:
    """Yield one sentence for each key whose value differs: `host.sampling.temperature: 0.7 becomes 0.8`."""
    was, becomes = dict(_flat("", before)), dict(_flat("", after))
    for key in sorted(was.keys() | becomes.keys()):
        if was.get(key, _NOT_SAID) != becomes.get(key, _NOT_SAID):
            yield f"{key}: {_shown(was.get(key, _NOT_SAID))} becomes {_shown(becomes.get(key, _NOT_SAID))}"


def _flat(prefix: str, value: JsonValue | ReleaseMeaning) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}".lstrip("."), inner)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for number, entry in enumerate(value, start=1):
            yield from _flat(f"{prefix}[{number}]", entry)
    else:
        yield prefix, value  # type: ignore[misc]


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else canonical({"": value}).decode()[4:-1]
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
