"""Chat templates drawn together with what they do, written a second time in Python; and conversations for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from sage_edge.models.prompt.template import Conversation

Change = Callable[[str], str]

CHANGES: dict[str, Change] = {
    "{0}": lambda text: text,
    "{0} | trim": str.strip,
    "{0}.lstrip()": str.lstrip,
    "{0}.strip('\\n')": lambda text: text.strip("\n"),
    "{0}.split('</think>')[-1]": lambda text: text.split("</think>")[-1],
    "{0}.split('</think>')[-1].lstrip('\\n')": lambda text: text.split("</think>")[-1].lstrip("\n"),
    "{0} | replace('[INST]', '')": lambda text: text.replace("[INST]", ""),
    "{0} | upper": str.upper,
    "{0}[:9]": lambda text: text[:9],
    "{0} | replace('\\n', ' ')": lambda text: text.replace("\n", " "),
    "{0}.split('Sage')[0]": lambda text: text.split("Sage")[0],
    "('L:' if {0} | length > 12 else '') ~ {0}": lambda text: "L:" * (len(text) > 12) + text,
    "('S:' if {0}.startswith('Sage') else '') ~ {0}": lambda text: "S:" * text.startswith("Sage") + text,
    "('?' if 'wind' in {0} else '') ~ {0}": lambda text: "?" * ("wind" in text) + text,
}
"""What a template does with a content, in Jinja2 and in Python."""

PIECES = (
    *(
        "Sage",
        "wind",
        "a",
        "I am",
        " ",
        "  ",
        "\n",
        "\n\n",
        ".",
        "ß",
        "\U0001f642",
        "'",
        '"',
        "&",
        "<",
        ">",
        "|",
        "{{ 1 }}",
    ),
    *("<|im_start|>", "<|im_end|>", "</think>", "<think>", "[INST]", "<|im_", "start|>", "\ue0000\ue001", "user\n"),
)


@dataclass(frozen=True)
class KnownTemplate:
    """A template and what it does, per role: opening, change, closing. end: what asks for the answer."""

    opens: dict[str, str]
    changes: dict[str, str]
    closes: str
    end: str

    @property
    def source(self) -> str:
        turns = "".join(
            f"{{% {'if' if role == 'system' else 'elif'} turn.role == '{role}' %}}"
            f"{{{{ {opens!r} ~ ({self.changes[role].format('turn.content')}) ~ {self.closes!r} }}}}"
            for role, opens in self.opens.items()
        )
        return f"{{% for turn in messages %}}{turns}{{% endif %}}{{% endfor %}}{{{{ {self.end!r} }}}}"

    def changed(self, talk: Conversation) -> list[str]:
        """What becomes of each content."""
        return [CHANGES[self.changes[role]](text) for role, text in talk]

    def prompt(self, talk: Conversation, texts: list[str]) -> str:
        """The prompt with these texts in the places of the contents."""
        turns = (self.opens[role] + text + self.closes for (role, _), text in zip(talk, texts, strict=True))
        return "".join(turns) + self.end


_BEGINS = st.sampled_from(["<|im_start|>{0}\n", "[{0}] ", "<|im_start|>{0}<|im_end|>\n\n", "<s><|im_start|>{0}: "])


@st.composite
def known_templates(draw: st.DrawFn) -> KnownTemplate:
    begin = draw(_BEGINS)
    opens = {role: begin.format(role) for role in ("system", "user", "assistant")}
    change = st.sampled_from(list(CHANGES))
    changes = {role: draw(st.one_of(st.just("{0}"), change)) for role in opens}
    return KnownTemplate(opens, changes, draw(st.sampled_from(["<|im_end|>\n", "</s>", "\n"])), opens["assistant"])


TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


@st.composite
def talks(draw: st.DrawFn) -> Conversation:
    texts = draw(st.lists(TEXTS, min_size=1, max_size=4).map(lambda drawn: [*drawn, *drawn[1:]]))
    more = draw(TEXTS)
    return [
        ("system", texts[0]),
        *((("user", "assistant")[at % 2], text) for at, text in enumerate([*texts[1:], more])),
    ]
