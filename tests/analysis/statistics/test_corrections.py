from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sage_edge.analysis.statistics.corrections import benjamini_hochberg, holm

PS = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12)


def test_holm_as_in_his_example() -> None:
    # the usual worked example: 0.01, 0.04, 0.03, 0.005 → 0.03, 0.06, 0.06, 0.02
    assert holm([0.01, 0.04, 0.03, 0.005]) == (0.03, 0.06, 0.06, 0.02)
    assert holm([0.01, None, 0.02]) == (0.02, None, 0.02)
    assert holm([]) == ()


def test_false_discoveries_agree_with_scipy() -> None:
    ps = [0.001, 0.2, 0.03, 0.04, 0.9, 0.012]
    assert benjamini_hochberg(ps) == pytest.approx(stats.false_discovery_control(ps))
    assert benjamini_hochberg([None, 0.5]) == (None, 0.5)


def test_only_p_values_are_corrected() -> None:
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match="p-values"):
            adjust([0.2, 1.2])


@given(PS)
def test_a_correction_never_makes_p_smaller_and_keeps_the_order(ps: list[float | None]) -> None:
    strict, loose = holm(ps), benjamini_hochberg(ps)
    known = [(p, a, b) for p, a, b in zip(ps, strict, loose, strict=True) if p is not None]
    assert [a is None for a in strict] == [p is None for p in ps]
    for p, a, b in known:
        assert a is not None
        assert b is not None
        assert p - 1e-12 <= b <= a + 1e-12
        assert a <= 1
    ordered = sorted(known)
    assert [a for _, a, _ in ordered] == sorted(a for _, a, _ in ordered if a is not None)
