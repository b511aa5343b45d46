"""The prompts of a model's own template, and copies that read them with other tokens."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sage_edge.models.prepare import own_prompts, parity
from tests.models.prepare.test_parity import Speaker

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


@dataclass(frozen=True)
class Templated:
    """A model of which only the template matters."""

    template: str | None = TEMPLATE
    ends: tuple[str, str] = ("<s>", "</s>")


def test_they_are_what_the_template_makes_of_two_conversations() -> None:
    first, second = own_prompts.of(Templated())
    assert first == ("<s><|system|>\nYou are a small language model.</s>\n<|user|>\nHello</s>\n<|assistant|>\n")
    assert "</s>\n<|assistant|>\nI am here.</s>\n<|user|>\nAnd what\ndo you see?</s>\n" in second


@pytest.mark.parametrize("template", [None, "", "{% for %}", "{{ raise_exception('no') }}", "the same for all"])
def test_without_a_template_that_makes_any_there_are_none(template: str | None) -> None:
    assert own_prompts.of(Templated(template)) == ()


def test_a_copy_that_reads_them_otherwise_is_told_from_one_that_reads_other_texts_alike() -> None:
    """As where a mark takes the line end behind it (`rstrip`) in one of them only."""
    own = own_prompts.of(Templated())
    same, other = parity.measure(Speaker(), [Speaker(), Speaker(deaf_to="|>\n")], ["<|im_end|> x"], ["a"], own)
    assert (same.misread, same.differing) == ((), ())
    assert (other.misread, other.differing) == (own, ())
