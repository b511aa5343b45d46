"""What was claimed, tested again: `evaluate.test(declarations.load(fleet), corpus, sessions)`, a finding a claim.

    declarations   fleet/claims.yaml as values           schema         the kinds of claims
    measurement    scores of a window, and what one measurement leaves behind
    couplings      two quantities move together          differences    a run among others, before against after
    bistability    one state or two                      grid           what a grid of few answers alone does
    trend          rise or fall over sessions             evaluate       all of them, p adjusted over the report
    costs          recorded times and sizes              verdicts       the rules by which a claim stands or falls

`declarations` alone loads neither numpy nor scipy; `evaluate` does.
"""
