"""Every field of every declaration holds what is written there, or refuses it by file, line and key."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sage_edge.analysis.claims.declarations import Claims
from sage_edge.curriculum import InterventionCard, Phase, TrainingTrack
from sage_edge.declared import Declared, Reader, yaml_text
from sage_edge.declared.yaml_words import shown
from sage_edge.image.spec import ImageCard, ImageLock
from sage_edge.inventory import session_kinds
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.declarations import FleetFile, Overlay
from sage_edge.inventory.host_card import HostCard
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.image import ImageLabel
from sage_edge.inventory.roles import Role
from sage_edge.models.card import CardStep, ModelCard
from sage_edge.models.shipped_card import ShippedCard
from tests.declared.yaml_cases import MEANINGS, REFUSED, DeclaredField, fields, is_held, models

ROOT = Path(__file__).resolve().parents[2]
FORMS = ("{}", "[{}]", "{{a: {}}}")
FIELDS = tuple(fields())
SHIPPED: dict[str, type[Declared]] = {
    "fleet/fleet.yaml": FleetFile, "fleet/hosts/*.yaml": Host, "fleet/roles/*.yaml": Role, "fleet/boards/*.yaml": Board,
    "fleet/overlays/*.yaml": Overlay, "fleet/curriculum/kinds.yaml": session_kinds._File,
    "fleet/curriculum/phases/*.yaml": Phase, "fleet/curriculum/tracks/*.yaml": TrainingTrack,
    "fleet/curriculum/interventions/*.yaml": InterventionCard, "fleet/models/*.yaml": ModelCard,
    "fleet/claims.yaml": Claims, "images/*/image.yaml": ImageCard, "images/images.lock": ImageLock,
    "sage_edge/models/seedling/card.yaml": ShippedCard,
}  # fmt: skip
WRITTEN_THERE: dict[type[Declared], str] = {
    HostCard: "{format: 1, host: sprout, overlay: cpu, fleet: sage}",
    ImageLabel: "{format: 1, role: practitioner, board: orin-nano, platform: l4t, l4t: {from: '36.4', below: '37'},"
    " compute_capability: '8.7', gpu_layers: -1, model: sage/seedling:q8_0}",
}
"""Declarations that a board holds, and no folder of ours."""


def content(form: str, word: str) -> Any:
    """What the reader makes of a word in a list, a mapping or alone."""
    return yaml_text.load(f"x: {form.format(word)}")["x"]


def accepted(kind: type[BaseModel], value: dict[str, Any]) -> Any:
    """The one value of a model of one field; raises ValidationError."""
    return next(iter(dict(kind.model_validate(value)).values()))


def test_the_table_finds_every_model_by_its_class() -> None:
    names = {kind.__name__ for kind in models()}
    assert {"Sampling", "Number", "Choice", "Manifest", "LoraRecipe", "ScriptedOptions", "CadenceOverride"} <= names
    assert {kind.__name__ for kind in (*SHIPPED.values(), *WRITTEN_THERE)} <= names
    assert len(FIELDS) > 250


@pytest.mark.parametrize("form", FORMS)
def test_what_a_field_takes_is_what_was_written(form: str) -> None:
    taken = 0
    values = {word: content(form, word) for word in MEANINGS}
    for field in FIELDS:
        for word, value in values.items():
            try:
                held = accepted(field.alone, {field.key: value})
            except ValidationError:
                continue
            taken += 1
            assert is_held(held, value), f"{field} holds {held!r} where {form.format(word)} was written"
    assert taken > len(FIELDS), "most words are no value of most fields, but some are"


def test_a_whole_model_takes_no_more_than_its_fields() -> None:
    values = [content(form, word) for word in [*MEANINGS][::4] for form in FORMS]
    for field in FIELDS:
        for value in values:
            try:
                field.kind.model_validate({field.key: value})
                wrong = set[object]()
            except ValidationError as refused:
                wrong = {detail["loc"][0] if detail["loc"] else "" for detail in refused.errors()}
            if field.key not in wrong and "" not in wrong:
                accepted(field.alone, {field.key: value})


def test_every_refusal_names_file_line_key_and_word() -> None:
    path, pick, refusals = Path("fleet/one.yaml"), random.Random(0), 0
    for field in FIELDS:
        for word in (*pick.sample([*MEANINGS], 2), pick.choice(REFUSED)):
            reader, alone = Reader(Path("fleet")), cast(type[Declared], field.alone)
            parsed = reader.parse(path, f"# a comment\n{field.key}:\n  {word or 'null'}\n")
            if parsed is None or reader.check(path, parsed, alone) is None:
                refusals += 1
                (fault,) = (str(fault) for fault in reader.faults)
                assert fault.startswith(f"fleet/one.yaml: {field.key}: ")
                assert shown(word or "null") in fault
                assert fault.endswith((" (line 2)", " (line 3)"))
    assert refusals > len(FIELDS)


def shipped() -> Iterator[tuple[str, type[Declared], Any]]:
    """Yield name, model and content of every declaration that ships, and of those that only boards hold."""
    for pattern, kind in SHIPPED.items():
        paths = sorted(ROOT.glob(pattern))
        assert paths, pattern
        yield from (
            (path.relative_to(ROOT).as_posix(), kind, yaml_text.load(path.read_text("utf-8"))) for path in paths
        )
    yield from ((kind.__name__, kind, yaml_text.load(text)) for kind, text in WRITTEN_THERE.items())


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every single value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield place
    for key, below in inside or ():
        yield from leaves(below, (*place, key))


def as_json(value: Any) -> str:
    """A value in JSON, which is YAML 1.2 too."""
    return json.dumps(value, ensure_ascii=False)


def written(value: Any, at: tuple[str | int, ...], word: str) -> str:
    """The declaration as one line of JSON, with a word as it is at one place."""
    if not at:
        return word
    if isinstance(value, dict):
        parts = (
            f"{json.dumps(key)}: {written(below, at[1:], word) if key == at[0] else as_json(below)}"
            for key, below in value.items()
        )
        return f"{{{', '.join(parts)}}}"
    parts = (written(below, at[1:], word) if number == at[0] else as_json(below) for number, below in enumerate(value))
    return f"[{', '.join(parts)}]"


def at_place(value: Any, place: tuple[str | int, ...]) -> Any:
    """What a record holds at the place of a value in its file."""
    for key in place:
        if isinstance(value, CardStep):
            value = {value.name: value.value}[str(key)]
        elif isinstance(value, BaseModel):
            names = {info.alias or name: name for name, info in type(value).model_fields.items()}
            value = getattr(value, names.get(str(key), str(key)))
        else:
            value = value[key]
    return value


def python_says(word: str) -> object:
    """What a plain word is, by Python's own reading of numbers."""
    if word in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return word.lower() == "true"
    if word in ("", "\N{TILDE}", "null", "Null", "NULL"):
        return None
    digits = word.lstrip("+-") if word[0] in "+-" and word[1:2] not in ("+", "-") else word
    groups = digits.split("_")
    grouped = len(groups) == 1 or (groups[0][:1] != "0" and all(len(group) == 3 for group in groups[1:]))
    if (
        digits.isascii()
        and digits.replace("_", "").isdecimal()
        and grouped
        and len(groups[0]) > 0
        and (len(groups) == 1 or len(groups[0]) < 4)
    ):
        return int(word.replace("_", ""))
    if re.match("0[xo].", word):
        try:
            return word if "_" in word else int(word, 0)
        except ValueError:
            return word
    try:
        return float(word) if set(word) <= set("0123456789.eE+-") else word
    except ValueError:
        return word


PLAIN = st.from_regex(r"[0-9A-Za-z_.+~=<^-][0-9A-Za-z_.+~=<^-]{0,9}", fullmatch=True).filter(
    lambda word: word != "-" and not word.startswith("---")
)
WORDS = st.one_of(
    st.sampled_from([*MEANINGS, *REFUSED]).map(lambda word: (word, MEANINGS.get(word))),
    PLAIN.map(lambda word: (word, python_says(word))),
    st.from_regex(r"[-+]?[0-9_]{1,9}(\.[0-9]{0,3})?([eE][-+]?[0-9]{1,3})?", fullmatch=True).map(
        lambda word: (word, python_says(word))
    ),
    st.text(max_size=20).map(lambda text: (as_json(text), text)),
)
DECLARATIONS = tuple(shipped())


def check_one(name: str, kind: type[Declared], value: Any, place: tuple[str | int, ...], case: tuple[str, Any]) -> bool:
    """Whether a declaration with one other word in it is held; it holds that word, or is refused by its place."""
    word, meaning = case
    path = Path(f"fleet/{name}")
    reader = Reader(Path("fleet"))
    text = f"# a line before\n{written(value, place, word)}\n"
    parsed = reader.parse(path, text)
    record = None if parsed is None else reader.check(path, parsed, kind)
    if record is not None:
        held = at_place(record, place)
        assert is_held(held, meaning), f"{name} {place} holds {held!r} where {word} was written"
        return True
    assert reader.faults
    top = str(place[0])
    for fault in reader.faults:
        assert fault.line == 2 or (fault.key == "quantisation" and place[-1] == "quantise"), "which a step says, too"
        assert not fault.key or fault.key.startswith(top) or "." not in fault.key
    return False


CASES = st.sampled_from(DECLARATIONS).flatmap(
    lambda declared: st.tuples(st.just(declared), st.sampled_from(list(leaves(declared[2]))), WORDS)
)


def search(examples: int) -> tuple[int, int]:
    """Try that many declarations; return how many were held, and how many refused."""
    counts = {True: 0, False: 0}

    @settings(max_examples=examples)
    @given(case=CASES)
    def hold(case: Any) -> None:
        (name, kind, value), place, word = case
        counts[check_one(name, kind, value, place, word)] += 1

    hold()
    return counts[True], counts[False]


@pytest.mark.parametrize(
    "examples",
    [
        60,
        pytest.param(1_000, marks=pytest.mark.slow),
        pytest.param(6_000, marks=[pytest.mark.full, pytest.mark.timeout(1_800)]),
    ],
)
def test_a_declaration_holds_what_is_written_or_is_refused(examples: int) -> None:
    held, refused = search(examples)
    assert held + refused >= examples
    assert min(held, refused) > examples // 20


@pytest.mark.parametrize(
    ("word", "place", "why"),
    [
        ("on", ("sampling", "temperature"), "sampling.temperature: expected a number, got on (line 2)"),
        ("17:04", ("engine", "context_tokens"), "engine.context_tokens: expected a whole number, got 17:04 (line 2)"),
        ("true", ("format",), "format: expected a whole number, got true (line 2)"),
        ("1.0", ("format",), "format: expected a whole number, got 1.0 (line 2)"),
        ("1e3", ("engine", "context_tokens"), "engine.context_tokens: expected a whole number, got 1e3 (line 2)"),
        ("'16'", ("sampling", "top_k"), "sampling.top_k: expected a whole number, got '16' (line 2)"),
        ("0x2000001", ("sampling", "max_tokens"),
         "sampling.max_tokens: input should be less than or equal to 8192, got 0x2000001 (line 2)"),
        ("0o17", ("mind",), "mind: expected text, got 0o17, which is no text without quotes (line 2)"),
        ("06:00", ("turn_deadline",), "turn_deadline: expected a duration like 6h, got '06:00' (line 2)"),
        ("0o7", ("turn_deadline",), "turn_deadline: expected a duration like 6h, got 7; written 0o7 (line 2)"),
    ],
)  # fmt: skip
def test_the_message_shows_what_was_written(word: str, place: tuple[str, ...], why: str) -> None:
    host = next(value for name, _, value in DECLARATIONS if name.endswith("hosts/sprout.yaml"))
    path, reader = Path("fleet/hosts/sprout.yaml"), Reader(Path("fleet"))
    parsed = reader.parse(path, f"# a line before\n{written(host, place, word)}\n")
    assert parsed is not None
    assert reader.check(path, parsed, Host) is None
    assert [str(fault) for fault in reader.faults] == [f"fleet/hosts/sprout.yaml: {why}"]


@pytest.mark.parametrize(("word", "top_k"), [("020", 20), ("0o20", 16), ("0x10", 16), ("16", 16), ("+16", 16)])
def test_a_number_is_the_number_that_was_written(word: str, top_k: int) -> None:
    host = next(value for name, _, value in DECLARATIONS if name.endswith("hosts/sprout.yaml"))
    record = Host.model_validate(yaml_text.load(written(host, ("sampling", "top_k"), word)))
    assert record.sampling is not None
    assert record.sampling.top_k == top_k


def field_named(name: str) -> DeclaredField:
    """A field by its model and key."""
    return next(field for field in FIELDS if str(field) == name)


@pytest.mark.parametrize(
    ("name", "held"), [("Sampling.temperature", 1), ("Number.equals", 3), ("Host.format", 1), ("Cadence.every", "6h")]
)
def test_the_table_can_hold_what_is_right(name: str, held: object) -> None:
    field = field_named(name)
    assert is_held(accepted(field.alone, {field.key: held}), held)
