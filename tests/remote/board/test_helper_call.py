"""What a helper answers becomes a value or our error; its next step names the host that was asked."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.errors import ExitCode, SageError, Unreachable
from sage_edge.hints import invoke
from sage_edge.host import errors as theirs
from sage_edge.names import HostName
from sage_edge.remote.board import helper_call, helper_zipapp
from sage_edge.remote.errors import BoardLocked, BoardRefused, HelperOutdated, NotReady
from sage_edge.shell import Result

THOR = HostName("thor")


def answered(document: Any, code: int = 0) -> Result:
    return Result(code, json.dumps(document).encode(), b"")


def refused(refusal: theirs.Refusal) -> BoardRefused:
    """What the workstation raises when the helper refuses so."""
    with pytest.raises(BoardRefused) as caught:
        helper_call.understood(THOR, answered({"helper": "x", "ok": False, "error": refusal.as_json()}))
    return caught.value


def test_the_host_is_put_where_the_helper_left_it_open() -> None:
    step = theirs.invoke("lock.release", host=theirs.HOST, yes=True)
    error = refused(theirs.Refusal("locked", "it is locked", "wait, or: ", step, code=theirs.ExitStatus.LOCKED))
    assert (type(error), error.kind, error.code) == (BoardLocked, "locked", ExitCode.LOCKED)
    assert error.hint == ("wait, or: ", invoke("lock.release", host="thor", yes=True))


def test_the_sentence_of_an_older_helper_stays_as_it_is() -> None:
    assert helper_call.read_hint("see: invoke status --host HOST", THOR) == "see: invoke status --host HOST"


KEYS = st.sampled_from(["helper", "ok", "error", "result", "hint", "words", "options", "program", "host"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_is_answered_it_is_read_or_refused(document: Any) -> None:
    helper_call.read_hint(document, THOR)
    with contextlib.suppress(SageError):
        helper_call.understood(THOR, answered(document))


def test_another_helper_is_outdated_unless_any_will_do() -> None:
    document = {"helper": "0123456789ab", "ok": True, "result": {"a": 1}}
    with pytest.raises(HelperOutdated) as caught:
        helper_call.understood(THOR, answered(document))
    assert caught.value.hint == invoke("provision", host="thor")
    assert helper_call.understood(THOR, answered(document), of_any_helper=True) == {"a": 1}
    document["helper"] = helper_zipapp.packed().short
    assert helper_call.understood(THOR, answered(document)) == {"a": 1}


@pytest.mark.parametrize(
    ("code", "complaint", "kind"),
    [
        (2, b"python3: can't open file '/srv/sage/host/sage-host': No such file or directory", NotReady),
        (1, b"sudo: a password is required", NotReady),
        (1, b"", NotReady),
        (124, b"no end within 30 s", Unreachable),
    ],
)
def test_an_answer_that_is_none_says_what_is_in_the_way(code: int, complaint: bytes, kind: type[SageError]) -> None:
    with pytest.raises(kind) as caught:
        helper_call.understood(THOR, Result(code, b"", complaint))
    assert type(caught.value) is kind
    assert caught.value.hint
