"""What was claimed, tested again: `claims.test(claims.load(fleet), corpus)` returns a finding for each claim.

    taking         scores of a window, and what one measurement leaves behind
    couplings      two quantities move together          differences   a run among others, before against after
    bistability    one state or two                      trending      rise or fall over sessions
    costs          recorded times and sizes              verdicts      the rules by which a claim stands or falls
    testing        all of them, p adjusted over the report

Importing it loads numpy and scipy; `declared_claims` alone, which reads the file, does not.
"""

from sage_edge.analysis.claims.evaluate import test
from sage_edge.analysis.claims.load import Claims, load
from sage_edge.analysis.claims.measurement import SeriesSource

__all__ = ["Claims", "SeriesSource", "load", "test"]
