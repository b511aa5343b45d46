"""Study behind `docs/first-findings.md`: `invoke findings`, which starts `python -m tools.findings`.

design.py    what is compared and by which numbers, declared before the data      world.py    one arm's hosts and hub
conduct.py   an arm's sessions, each reproducible on its own                       series.py   transcripts to numbers
data.py      the numbers that are kept beside the page (docs/first-findings.json)  results.py  effects and states
page.py      the page, from the kept numbers alone

    design ─► world of each arm ─► sessions (transcripts) ─► first-findings.json ─► results ─► first-findings.md
"""
