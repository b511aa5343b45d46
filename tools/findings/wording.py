"""The sentences of the page that explain: what was asked, how, what the columns mean, and what does not follow."""

from __future__ import annotations

from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.analysis.claims.verdicts import criterion
from sage_edge.analysis.statistics.estimate import LEVEL
from sage_edge.analysis.statistics.pairs import RUN
from tools.findings.data import StudyData
from tools.findings.design import OUTCOMES, SEED, WORTH
from tools.findings.results import Results


def question(data: StudyData) -> str:
    """The title and what was asked."""
    models = " and ".join(f"`{model}`" for model in dict.fromkeys(arm.model for arm in data.arms))
    return f"""# First findings

Does a small language model speak as somebody when it is told who it is, and what does that do to the rest of what it
says? This page tells what {_sessions(data)} sessions with {models} showed. It was written by the program that conducted
them, from the numbers in `docs/first-findings.json`; `invoke findings --check` holds it against them. What came out
stands here as it came out, also where it is nothing.
"""


def method(data: StudyData, tests: int) -> str:
    """How it was done, in ten lines."""
    each = len(data.arms[0].sessions)
    first, last = data.arms[0].sessions[0].session, data.arms[0].sessions[-1].session
    means = ";\n   ".join(f"*{outcome.name}*, {outcome.means}" for outcome in OUTCOMES)
    return f"""## How it was done

1. An arm is one life: one model that lives {each} primary sessions, {first} to {last}, under one intervention.
2. `observe` tells the mind that it is a young mind; `identity-anchored` tells it its name, too, its last words of the
   session before, and sentences of its own in which it gave its name (`fleet/curriculum/interventions/`).
3. All arms are asked the same questions in the same order, with the same seeds; a teacher reacts to no answer.
4. An anchored arm gets there as on a board: a researcher recommends, the practitioner's policy accepts.
5. Every answer is measured by the newest version of our scorers, from 0 to 1:
   {means}.
6. The session is the unit, not the answer: a session's value is the mean of its answers, and n counts sessions.
7. Arms are compared in pairs, session number by session number, which takes the questions out of the comparison.
8. Intervals hold 95 % (BCa bootstrap over sessions). p is that of a sign-flip permutation test over the pairs.
9. All {tests} tests of this page are adjusted together (Holm), so that a single one would be false in 1 study of 20.
10. Outcomes, tests and thresholds were written down before the sessions were held (`tools/findings/design.py`).
"""


TOLD_NOTE = """\
What a mind is told before its second session, word for word; the rest of the conversation is questions and answers.
"""

ARMS_NOTE = """\
Words: of an answer, in the mean. Cut: answers that the token limit ended. Each outcome with its interval over sessions.
How often the scorers are right:
"""


def contrasts_note(results: Results) -> str:
    """What the columns of the table of changes mean."""
    alike = [c for c in results.contrasts if c.effect.likeness is not None and c.effect.likeness >= 0.3]
    noted = ", ".join(f"{c.outcome.name} of {c.after.name}" for c in alike) or "none of them"
    return f"""\
Difference: after minus before, with its own interval, not widened for the number of tests. In blocks: the same interval
when {RUN} neighbouring sessions are drawn together, for an anchored mind remembers the session before; where the two
differ, believe the wider. Would have shown: the smallest change that so many pairs show in 80 of 100 studies at the
level that Holm asks of its hardest test ({LEVEL} / {results.tests}). Verdict: *rises* and *falls* where p is at most
{LEVEL} and the interval in blocks leaves out 0; *no effect* where both intervals leave out every change of {WORTH} or
more; else *cannot tell*. Differences resemble those of the session before (r of 0.3 or more) in: {noted}.
"""


def states_question(claim: StatesClaim) -> str:
    """What the seeds claimed, and what would bear it out here."""
    return f"""\
The project's seeds said of another model: "{claim.statement}" ({claim.as_stated}).
`fleet/claims.yaml` declares how that is tested, and it is tested here on every arm: by the share of answers that give
the own name, and by `edge/1 d9`, what the seeds looked at. Two tests must agree: Hartigan's dip, and two normal
distributions that fit better than one by a gain in BIC of {criterion(claim)}, with means more than two deviations apart
and a fair share of sessions in each.
"""


def states_note(results: Results) -> str:
    """What a grid of few answers does by itself."""
    deals = max((tested.alarms.deals for tested in results.states), default=0)
    return f"""\
By a grid alone: a session of seven answers can have one of eight values, and that by itself looks like states. So the
same answers were dealt to the sessions at random, up to {deals} times, which leaves no session a state of its own; the
column says how often the dip by its table, the mixture, and both together saw two states nevertheless. Where that is
often, the test says nothing about minds; therefore the p given is the larger one of the table's and the deals'.
"""


COUNTS_NOTE = """\
So many sessions had so many answers in which the mind gave its name, which is all that *naming* is made of:
"""

PLACES_NOTE = """\
The places come first when all are ordered by SHA-256 of their names (`P007 3`); every arm's answer there is shown.
"""


def limits(data: StudyData) -> str:
    """What does not follow."""
    return f"""\
## What this means, and what it does not

* The name stands in the anchored system message, so *naming* measures how well that message is heard; it is no evidence
  of a self. What it does to grounding, invention and repetition is not given by the message, and is the real question.
* One life an arm, with one set of seeds: the intervals speak of other sessions like these, not of other models, sizes,
  languages, questions, or lives. In an anchored life each session leans on the one before it.
* Numbers come from word lists and patterns, which misread an answer as often as the list above says.
* With {len(data.arms[0].sessions)} sessions an arm, changes smaller than *would have shown* may well be there unseen.
* A difference between models is one of weights *and* of quantisation, where the two are not quantised alike.
"""


def rebuild(data: StudyData) -> str:
    """How to make all of it again."""
    models = "\n".join(f"sage-edge model prepare {model}" for model in dict.fromkeys(arm.model for arm in data.arms))
    return f"""\
## How to make it again

```sh
export SAGE_MODELS=$PWD/.sage/models
{models}
invoke findings
```

Killed and started again it goes on with the first session that is not finished. Where curriculum, weights, engine and
class of machine are the same, the numbers come out equal to the last digit: the seed of a session follows from host,
number and curriculum, the clock is set, each session opens its engine anew on one thread, and one that was cut off is
begun again. The field `turns` of each session in `docs/first-findings.json` is a digest of all its words, tokens and
probabilities to tell it by. Seed of the statistics: {SEED}. The study stands in `tools/findings/`.
"""


def _sessions(data: StudyData) -> int:
    return sum(len(arm.sessions) for arm in data.arms)
