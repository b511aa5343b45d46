"""Texts in which the older scorers find something: their phrases among anything that can be written."""

from __future__ import annotations

from hypothesis import strategies as st

from sage_edge.scorers.legacy import markers, self_reference
from sage_edge.scorers.legacy.markers import PhraseList

PHRASES = sorted({phrase for one in vars(markers).values() if isinstance(one, PhraseList) for phrase in one.phrases})
"""Every phrase that is listed."""

EXTRAS = ("Sage", "SAGE", "ſage", "I'm", "as", "my role as", ".", "...", "?", "!", "1. ", "session 12", "İ", "’", "\n")
_GLUE = st.sampled_from(("", " ", "  ", "\n", ". ", ", ", "x"))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Return a text of phrases, bits of them and other characters, in either letter case."""
    phrase = st.sampled_from((*PHRASES, *self_reference.GENERIC, *self_reference.CONNECTING, *EXTRAS))
    piece = st.one_of(phrase, phrase.map(str.upper), phrase.map(lambda one: one[1:]), st.text(max_size=6))
    pieces = draw(st.lists(piece, max_size=12))
    return "".join(one + draw(_GLUE) for one in pieces)
