"""Papers exchanged through git: each host writes its own branch, every host fetches and verifies all of them.

    state/papers/                      own branch as plain files: the truth of what this host has written
    state/exchange.git/                what git makes of it; can be moved away, the hub and papers/ bring it back
      refs/heads/host/<self>           own branch, a mirror of papers/
      refs/incoming/<host>             the hub as last heard, not yet believed
      refs/verified/<host>             the last tip that broke no rule; the only thing that is read
      sage-known                       present once the hub has told what it holds of our own branch
    state/locks/papers.lock            held while papers/ is written or staged: milliseconds
    state/locks/exchange.lock          held while git talks to the hub

Nothing that arrives is checked out, merged, imported or run.
"""
