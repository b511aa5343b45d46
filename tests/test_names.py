"""The grammar of names: what is a name stays one, what is none is refused by what was expected."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sage_edge.names import Digest, HostName, ModelRef, Name, RoleName, SessionId, Slug, shortened

EXAMPLES: list[tuple[type[Name], list[str], list[str]]] = [
    (HostName, ["sprout", "a", "thor-2", "a" * 32], ["", "Sprout", "2thor", "a-", "a--b", "a" * 33, "a_b", "a\n", "é"]),
    (RoleName, ["practitioner"], ["", "Practitioner", "a.b"]),
    (Slug, ["identity-anchored", "2", "a" * 64], ["", "a b", "-a", "A", "a" * 65, "a\n"]),
    (
        ModelRef,
        ["sage/seedling:q8_0", "qwen2.5-0.5b/introspective:v2.1-q8_0"],
        ["", "a", "a/b", "a:b", "/a:b", "a/b:", "A/b:c"],
    ),
    (Digest, [f"sha256:{'0' * 64}"], ["", "0" * 64, f"sha256:{'0' * 63}", f"sha256:{'A' * 64}", f"md5:{'0' * 64}"]),
    (
        SessionId,
        ["P001", "T999", "X001", "P1000", "T123456789"],
        ["", "P000", "P1", "P01", "P0100", "PP001", "p001", "P001\n", "P\u0660\u0660\u0661"],
    ),
]


@pytest.mark.parametrize(("kind", "good", "bad"), EXAMPLES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_grammar_takes_its_own(kind: type[Name], good: list[str], bad: list[str]) -> None:
    for text in good:
        assert kind(text) == text
        assert isinstance(kind(text), kind)
    for text in bad:
        with pytest.raises(ValueError, match=f"expected {kind.expected}".replace("(", "\\(")):
            kind(text)


@given(text=st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,4}){0,4}", fullmatch=True))
def test_a_host_name_is_safe_in_a_path_and_in_a_ref(text: str) -> None:
    assert set(HostName(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 1 <= len(text) <= 32


@given(letter=st.sampled_from(string.ascii_uppercase), number=st.integers(1, 10**9 - 1))
def test_a_session_knows_its_letter_and_number(letter: str, number: int) -> None:
    session = SessionId.of(letter, number)
    assert (session.letter, session.number) == (letter, number)
    assert SessionId(str(session)) == session


@given(text=st.text(max_size=12))
def test_any_text_is_a_session_that_formats_back_or_no_session(text: str) -> None:
    try:
        session = SessionId(text)
    except ValueError:
        return
    assert SessionId.of(session.letter, session.number) == text


@given(number=st.integers(max_value=0) | st.integers(min_value=10**9))
def test_sessions_count_from_one(number: int) -> None:
    with pytest.raises(ValueError, match="expected a session"):
        SessionId.of("P", number)


def test_a_digest_is_short_for_people() -> None:
    assert Digest("sha256:" + "0123456789abcdef" * 4).short == "0123456789ab"


class _Paper(BaseModel):
    host: HostName


def test_a_record_checks_its_names() -> None:
    paper = _Paper.model_validate({"host": "sprout"})
    assert isinstance(paper.host, HostName)
    assert paper.model_dump_json() == '{"host":"sprout"}'
    for wrong in ("Sprout", 7, None):
        with pytest.raises(ValidationError):
            _Paper.model_validate({"host": wrong})


@pytest.mark.parametrize("text", ["", "none", "sha256:12", "sage/sprout:l4t"])
def test_only_a_digest_is_shortened(text: str) -> None:
    assert shortened(text) == text
    assert shortened(f"sha256:{'0123456789ab' + 'f' * 52}") == "0123456789ab"
