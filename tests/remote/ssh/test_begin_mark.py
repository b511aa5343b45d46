"""What comes before a command's mark is noise, whatever it is and however it arrives; what comes behind is its own."""

from __future__ import annotations

import subprocess

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.remote.ssh.begin_mark import BeginMark, quoted

PIECES = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@given(st.binary(max_size=300), st.binary(max_size=300), PIECES)
def test_noise_and_answer_are_told_apart_in_any_pieces(noise: bytes, answer: bytes, sizes: list[int]) -> None:
    mark = BeginMark()
    whole, stream, own = noise + mark.line + answer, mark.stream(), b""
    for size in sizes:
        own += stream.take(whole[:size])
        whole = whole[size:]
    own += stream.take(whole)
    assert (stream.begun, stream.noise, own) == (True, noise, answer)


@given(st.binary(max_size=300))
def test_without_the_mark_all_is_noise(noise: bytes) -> None:
    stream = BeginMark().stream()
    assert stream.take(noise) == b""
    assert (stream.begun, stream.noise) == (False, noise)


def test_a_script_prints_its_mark_first_and_on_both_streams() -> None:
    mark = BeginMark()
    done = subprocess.run(
        ("sh", "-c", mark.script('echo "$1"; echo err >&2'), "x", "out"), capture_output=True, check=True
    )
    assert done.stdout == mark.line + b"out\n"
    assert done.stderr == mark.line + b"err\n"


def test_a_shell_that_repeats_what_it_is_told_does_not_print_the_mark() -> None:
    mark = BeginMark()
    script = mark.script("true")
    assert mark.line.strip().decode() not in script
    traced = subprocess.run(("bash", "-xvc", f"exec sh -xvc '{script}'"), capture_output=True, check=True)
    assert traced.stderr.count(mark.line.strip()) == 1
    assert BeginMark().line != mark.line


@given(st.binary())
def test_what_is_quoted_is_short_and_inert(noise: bytes) -> None:
    words = quoted(noise)
    assert words.isprintable()
    assert len(words) <= 300
