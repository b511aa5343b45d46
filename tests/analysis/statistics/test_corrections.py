from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics.corrections import holm

PS = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12)


def test_holm_as_in_his_example() -> None:
    # the usual worked example: 0.01, 0.04, 0.03, 0.005 → 0.03, 0.06, 0.06, 0.02
    assert holm([0.01, 0.04, 0.03, 0.005]) == (0.03, 0.06, 0.06, 0.02)
    assert holm([0.01, None, 0.02]) == (0.02, None, 0.02)
    assert holm([]) == ()


def test_only_p_values_are_corrected() -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm([0.2, 1.2])


@given(PS)
def test_a_correction_never_makes_p_smaller_and_keeps_the_order(ps: list[float | None]) -> None:
    adjusted = holm(ps)
    assert [after is None for after in adjusted] == [p is None for p in ps]
    known = sorted((p, after) for p, after in zip(ps, adjusted, strict=True) if p is not None and after is not None)
    assert all(p - 1e-12 <= after <= 1 for p, after in known)
    assert [after for _, after in known] == sorted(after for _, after in known)
