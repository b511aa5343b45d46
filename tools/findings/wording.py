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
says? This page tells what {_sessions(data)} sessions showed, with
{models}.
The program that conducted them wrote it, from the numbers in `docs/first-findings.json`; `invoke findings --check`
holds it against them. What came out stands here as it came out, also where it is nothing.
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

ANSWERS_NOTE = """\
Each line is one change; an outcome is a share from 0 to 1, and its change stands with its 95 % interval over sessions.
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
A grid alone looks like states: a session of seven answers can have one of eight values. So the same answers were dealt
to the sessions at random, up to {deals} times, which leaves no session a state of its own; *dealt freely* says how
often the dip by its table, the mixture, and both together saw two states nevertheless. Sessions of different phases are
asked different questions, and that looks like states, too; *dealt by question* says how often they were seen where each
answer went to another session that was asked the same. p is the largest one of the table's, the free deals' and the
deals' by question. The deals by question are not part of the claim as declared: they were added after a first look, in
which what one phase asks had passed for a state of the mind. They can only raise p.
"""


COUNTS_NOTE = """\
In so many answers of each session did the mind give its name, session after session. The last column is the share of
the variance that lies between phases, which ask different questions, and not between sessions that were asked the same:
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
* The adapter was trained on dialogues that the project composed, to say that it is Sage and to speak briefly. None of
  the questions asked here was among them (`tools/introspective/adapter/data-sheet.yaml`), but their kind was. So the
  training changed what it was made to change; a name that comes untold is no discovery of a self.
* Curriculum and scorers had been mended on 43 earlier sessions of the base, each read (`docs/scorers.md`); none of
  them is among these. Whoever mends questions until a mind answers them better has not measured that mind unseen.
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

With the models prepared it took 15 minutes on 2 cores that others used, too, and it gave this page and its numbers once
more, byte for byte. Killed and started again it goes on with the first session that is not finished.
Where curriculum, weights, engine and class of machine are the same, the numbers come out equal to the last digit: the
seed of a session follows from host, number and curriculum, the clock is set, each session opens its engine anew on one
thread, and one that was cut off is begun again. The field `turns` of each session in `docs/first-findings.json` is a
digest of all its words, tokens and probabilities to tell it by. Seed of the statistics: {SEED}. The study stands in
`tools/findings/`.
"""


def _sessions(data: StudyData) -> int:
    return sum(len(arm.sessions) for arm in data.arms)
