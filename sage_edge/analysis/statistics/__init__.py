"""Numbers about scores, each with its interval, its n, its method and, where chance was used, its seed.

    estimate      Estimate, Significance: what everything here returns
    means         bootstrap and Wilson intervals                     coupling     Pearson, Spearman, permutation
    trends        Mann-Kendall, Theil-Sen                            changes      change points, unusual runs
    unimodality   Hartigan's dip                                     mixture      two states against one, by BIC
    variance      within against between sessions                    effects      before against after
    pairs         the same session under two conditions              power        how many sessions it takes
    corrections   Holm                                               sequence     looks after every block
    scaling       affine and power law

Nothing here warns or returns NaN: what does not exist is None with a reason. Importing it loads numpy and scipy.
"""
