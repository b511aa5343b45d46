"""A template that takes more than any conversation needs is refused by name, soon, wherever it is rendered."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt import probes, template_limits
from sage_edge.models.prompt.template import ChatTemplate

TURNS = "{% for turn in messages %}<s>{{ turn.role }}\n{{ turn.content }}{% endfor %}<s>assistant\n"
ENDLESS = {
    "nested loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
    "{{ m(60) }}",
    "a loop in a filter": "{% for i in range(99999) %}{{ range(99999) | map('string') | select('none') | list }}"
    "{% endfor %}",
}
GROWING = {
    "a text by ~": "n.x ~ n.x",
    "a text by +": "n.x + n.x",
    "a text by join": "[n.x, n.x] | join('-')",
    "a text by its own join": "'-'.join([n.x, n.x])",
    "a text by replace": "n.x | replace('a', n.x)",
    "a text by its own replace": "n.x.replace('a', n.x)",
    "a text by times": "n.x * 2",
    "a list by +": "[n.x] + [n.x] if n.x is string else n.x + n.x",
    "a number by times": "9 if n.x is string else n.x * n.x",
}
"""What becomes larger and larger, by what is done with it again and again."""

LISTS = {
    "shown": "{{ n.x }}",
    "as JSON": "{{ n.x | tojson }}",
    "as text": "{{ n.x | string | length }}",
    "joined by ~": "{{ 'a' ~ n.x }}",
    "joined": "{{ n.x | join }}",
    "formatted": "{{ '%s' | format(n.x) }}",
    "formatted by %": "{{ '%s' % n.x }}",
    "formatted by braces": "{{ '{}'.format(n.x) }}",
}
"""Few lists, each of them many times in the others, and how they become text."""

TOO_MUCH = {
    **{
        what: f"{{% set n = namespace(x='aa') %}}{{% for i in range(60) %}}{{% set n.x = {again} %}}{{% endfor %}}"
        for what, again in GROWING.items()
    },
    "a text by a block": "{% set n = namespace(x='aa') %}{% for i in range(60) %}"
    "{% set b %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = b %}{% endfor %}",
    **{
        f"lists in lists {how}": "{% set n = namespace(x=['a']) %}{% for i in range(30) %}"
        f"{{% set n.x = [n.x, n.x, {{1: n.x}}] %}}{{% endfor %}}{shown}"
        for how, shown in LISTS.items()
    },
    "a long prompt": "{% set x = 'a' * 9999 %}{% for i in range(99999) %}{{ x }}{% endfor %}",
    "times": "{{ 'a' * 99999999999 }}",
    "times, from the left": "{{ 99999999999 * [1] }}",
    "powers": "{{ 9 ** 9999999 }}",
    "a constant of the compiler": "{{ 'a' | center(99999999999) }}",
    "a method": "{{ 'a'.ljust(99999999999) }}",
    "a named width": "{{ messages[0].content | indent(width=99999999999) }}",
    "tabs": "{{ ('\\t' * 9999999).expandtabs(9999999) }}",
    "lines": "{{ ('\\n' * 9999999) | indent(9999999, blank=true) }}",
    "filled rows": "{{ [1] | batch(99999999999, 2) | list }}",
    "a width": "{{ '%099999999999d' % 1 }}",
    "a width from elsewhere": "{{ '%*d' % (99999999999, 1) }}",
    "a width in a filter": "{{ '%099999999999d' | format(1) }}",
    "a width in braces": "{{ '{:99999999999}'.format(1) }}",
    "a width in braces, from elsewhere": "{{ '{:{}}'.format(1, 99999999999) }}",
}


def why(source: str) -> str:
    with pytest.raises(TemplateUnfaithful) as refused:
        probes.check(ChatTemplate(source + TURNS))
    return refused.value.why


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_what_computes_for_too_long_is_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_limits, "MOST_S", 0.1)
    began = time.thread_time()
    assert why(source) == "it computes for longer than 0 s"
    assert time.thread_time() - began < 2
    assert sys.gettrace() is None


@pytest.mark.parametrize("source", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_makes_too_much_is_refused(source: str) -> None:
    began = time.thread_time()
    assert "it gives no prompt for an ordinary conversation: it " in why(source)
    assert time.thread_time() - began < 4


def test_many_renderings_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MOST_S", 0.0)
    assert why("") == "it computes for longer than 0 s over a few plain conversations"


def test_it_is_limited_beside_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine may be asked from any thread."""
    monkeypatch.setattr(template_limits, "MOST_S", 0.1)
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(why(ENDLESS["nested loops"])))
    thread.start()
    thread.join(20)
    assert reasons == ["it computes for longer than 0 s"]


def test_a_tracer_of_somebody_else_is_put_back() -> None:
    def watch(*words: object) -> None:
        """Do nothing."""

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        ChatTemplate(TURNS).render([("user", "Hello")])
        assert sys.gettrace() is watch
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'a' ~ 1 ~ none }}", "a1None"),
        ("{{ '%5.2f|%s' % (1, 'x') }}", " 1.00|x"),
        ("{{ '%03d' | format(7) }}", "007"),
        ("{{ '{:>4}'.format('a') }}", "   a"),
        ("{{ [1, 'b'] | join(', ') }}{{ [{'a': 2}] | join(attribute='a') }}", "1, b2"),
        ("{{ '-'.join(['a', 'b']) }}{{ 'aXa' | replace('X', '--') }}{{ 'aXa'.replace('X', '') }}", "a-ba--aaa"),
        ("{{ 'x' * 3 + 'y' }}{{ 2 ** 10 }}{{ 7 % 4 }}{{ [1] + [2] }}", "xxxy10243[1, 2]"),
        ("{{ range(3) | map('string') | list | tojson }}", '["0", "1", "2"]'),
        (
            "{{ 'b\\nc' | indent(2) }}{{ 'a'.center(3) }}{{ [1, 2, 3] | batch(2, 0) | list }}",
            "b\n  c a [[1, 2], [3, 0]]",
        ),
        ("{% for i in range(20000) %}{% if loop.last %}{{ i }}{% endif %}{% endfor %}", "19999"),
        (
            "{% macro m(n) %}{{ n }}{% endmacro %}{{ m(1) ~ m(2) }}{% set x %}{{ m(3) }}{% endset %}{{ x | trim }}",
            "123",
        ),
    ],
)
def test_what_a_template_may_do_is_done_as_ever(source: str, text: str) -> None:
    assert ChatTemplate(source).render([("user", "Hello")]) == text
