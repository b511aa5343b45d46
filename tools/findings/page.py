"""The page, from the kept numbers alone: no time of day, no path of a machine, so that the same numbers give its bytes.

Words of the minds stand in it as they were said; nothing in them is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sage_edge import sanitize
from sage_edge.analysis.claims.grid import GridAlarms
from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.analysis.statistics.estimate import LEVEL, Estimate
from tools.findings import wording
from tools.findings.data import StudyArm, StudyData
from tools.findings.design import OUTCOMES, SEED, WORTH
from tools.findings.results import ArmSummary, Contrast, Results, StatesResult, between_units
from tools.findings.series import SHOWN, series

NONE = "–"


def render(data: StudyData, results: Results, claim: StatesClaim) -> str:
    """Return the page as Markdown."""
    parts = (
        wording.question(data),
        "## What came out\n",
        wording.ANSWERS_NOTE,
        *_answers(results),
        wording.method(data, results.tests),
        wording.TOLD_NOTE,
        *_systems(data),
        "## Each arm by itself\n",
        _table(_ARM_HEADS, [_arm_row(summary) for summary in results.arms]),
        wording.ARMS_NOTE,
        *_evidence(data),
        "## Does anchoring, or the training, change it?\n",
        _table(_CONTRAST_HEADS, [_contrast_row(contrast) for contrast in results.contrasts]),
        wording.contrasts_note(results),
        "## Is identity in one of two states?\n",
        wording.states_question(claim),
        _table(_STATES_HEADS, [_states_row(tested) for tested in results.states]),
        wording.states_note(results),
        *(f"* {_short(tested.arm)}, {tested.by.of}: {_plain(tested.ruling.because)}." for tested in results.states),
        f"\n{wording.COUNTS_NOTE}",
        _counts(data),
        f"## {SHOWN} places, chosen by nobody\n",
        wording.PLACES_NOTE,
        *_places(data),
        wording.limits(data),
        wording.rebuild(data),
        "## What it was made with\n",
        *_provenance(data),
    )
    return "\n".join(parts).strip() + "\n"


def _answers(results: Results) -> Iterator[str]:
    """A sentence for each pair of arms, and one for the states."""
    sides = dict.fromkeys((contrast.before.name, contrast.after.name) for contrast in results.contrasts)
    for before, after in sides:
        its = [c for c in results.contrasts if (c.before.name, c.after.name) == (before, after)]
        moved = [_moved(contrast) for contrast in its if contrast.seen in ("rises", "falls")]
        still = ", ".join(contrast.outcome.name for contrast in its if contrast.seen == "no effect")
        open_ = ", ".join(contrast.outcome.name for contrast in its if contrast.seen == "cannot tell")
        rest = (
            f"no effect of {WORTH} or more on {still}" if still else "",
            f"cannot tell for {open_}" if open_ else "",
        )
        yield f"* **{_change(its[0])}:** {'; '.join((*moved, *filter(None, rest)))}."
    yield f"* **Two states of identity:** {_states_told(results.states)}.\n"


def _moved(contrast: Contrast) -> str:
    return f"{contrast.outcome.name} {contrast.seen}: {_level(contrast.effect.difference, signed=True)}"


def _states_told(states: Sequence[StatesResult]) -> str:
    parts = []
    for verdict in ("supported", "not supported"):
        names = [f"{_short(each.arm)} ({each.by.of})" for each in states if each.ruling.verdict == verdict]
        parts.append(f"{verdict} {'for ' + '; '.join(names) if names else 'nowhere'}")
    unknown = sum(tested.ruling.verdict == "cannot tell" for tested in states)
    return f"{', '.join(parts)}, cannot tell for {unknown} of {len(states)}"


_ARM_HEADS = ("arm", "sessions", "answers", "words", "cut", *(outcome.name for outcome in OUTCOMES))


def _arm_row(summary: ArmSummary) -> tuple[str, ...]:
    counted = (str(len(summary.arm.sessions)), str(summary.answers), f"{summary.words:.1f}", f"{summary.cut:.1%}")
    return (_short(summary.arm), *counted, *map(_level, summary.levels))


_CONTRAST_HEADS = ("change", "outcome", "difference", "in blocks", "p", "would have shown", "verdict")


def _contrast_row(contrast: Contrast) -> tuple[str, ...]:
    effect = contrast.effect
    smallest = NONE if contrast.smallest is None else f"{contrast.smallest:.2f}"
    blocks = _interval(effect.in_blocks)
    verdict = f"**{contrast.seen}**" if contrast.seen in ("rises", "falls") else contrast.seen
    row = (_change(contrast), contrast.outcome.name, _level(effect.difference, signed=True), blocks)
    return (*row, _p(contrast.p), smallest, verdict)


_STATES_HEADS = ("arm", "measure", "sessions", "gain in BIC", "p", "dealt freely", "dealt by question", "verdict")


def _states_row(tested: StatesResult) -> tuple[str, ...]:
    reading = tested.taken.reading
    gain = NONE if reading.value is None else f"{reading.value:+.1f}"
    row = (_short(tested.arm), tested.by.of, str(reading.n), gain, _p(tested.p))
    return (*row, _shares(tested.alarms), _shares(tested.asked), tested.ruling.verdict)


def _shares(alarms: GridAlarms) -> str:
    return " / ".join(NONE if each is None else f"{each:.0%}" for each in (alarms.dip, alarms.mixture, alarms.both))


def _systems(data: StudyData) -> Iterator[str]:
    """What each intervention tells a mind, and its own earlier words where it is reminded of them."""
    for text, arm in reversed({arm.system: arm for arm in reversed(data.arms)}.items()):
        yield f"* *{_short(arm)}*:\n"
        yield from (f"  * {_plain(line)}" for line in text.splitlines())
        yield ""


def _evidence(data: StudyData) -> Iterator[str]:
    """How well each outcome agrees with people."""
    for by in data.outcomes[:-1]:
        yield f"* *{by.name}* ({by.of}): {_plain(by.evidence or 'counts word for word; nobody has labelled it')}."
    yield ""


def _counts(data: StudyData) -> str:
    """How many answers of each session name the mind, in the order in which they were held, phase by phase."""
    naming = data.outcomes[0].name
    phases = list(dict.fromkeys(kept.unit.removeprefix("phase ") for kept in data.arms[0].sessions))
    rows = []
    for arm in data.arms:
        of_phase: dict[str, list[str]] = {phase: [] for phase in phases}
        for kept in arm.sessions:
            of_phase[kept.unit.removeprefix("phase ")].append(str(round(sum(kept.marks[naming]))))
        between = between_units(series(arm, data.outcomes[0]))
        share = NONE if between is None else f"{between:.0%}"
        rows.append((_short(arm), *(" ".join(counts) for counts in of_phase.values()), share))
    return _table(("arm", *map(_plain, phases), "variance between phases"), rows)


def _places(data: StudyData) -> Iterator[str]:
    for place in data.places:
        yield f"**{place.session}, turn {place.turn}: {_plain(place.question)}**\n"
        for arm in data.arms:
            yield f"* *{_short(arm)}*: {_plain(' '.join(place.answers[arm.name].split())) or NONE}"
        yield ""


def _provenance(data: StudyData) -> Iterator[str]:
    made = data.made
    sampling = ", ".join(f"{key} {value:g}" for key, value in made.sampling.model_dump().items())
    rows = [(f"model {arm.model}", arm.weights) for arm in data.arms]
    rows += [(f"{by.of} ({by.name})", by.definition) for by in data.outcomes]
    rows += [("curriculum", made.curriculum)]
    yield _table(("what", "digest"), [(_plain(what), f"`{digest}`") for what, digest in dict.fromkeys(rows)])
    engine = ", ".join(f"{key} {value}" for key, value in made.settings.items())
    yield f"Engine {_plain(made.engine)} ({_plain(engine)}); drawn with {_plain(sampling)}."
    yield "Libraries: " + _plain(", ".join(f"{name} {version}" for name, version in made.libraries.items())) + "."
    yield f"Machine: {_plain(made.machine)}. Seed of the statistics: {SEED}. Level {LEVEL}, worth {WORTH}."


def _change(contrast: Contrast) -> str:
    before, after = contrast.before, contrast.after
    if before.model == after.model:
        return f"{_model(before)}: {before.intervention} → {after.intervention}"
    return f"{before.intervention}: {_model(before)} → {_model(after)}"


def _short(arm: StudyArm) -> str:
    return f"{_model(arm)}, {arm.intervention}"


def _model(arm: StudyArm) -> str:
    return arm.model.rpartition("/")[2].partition(":")[0]


def _level(estimate: Estimate, *, signed: bool = False) -> str:
    if estimate.value is None:
        return NONE
    value = f"{estimate.value + 0.0:{'+' if signed else ''}.2f}"
    return f"{value} ({_interval(estimate)})" if estimate.low is not None else f"{value} (all the same)"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return NONE
    return f"{estimate.low + 0.0:.2f} to {estimate.high + 0.0:.2f}"


def _p(p: float | None) -> str:
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _plain(text: str) -> str:
    return sanitize.markdown(text)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(lines) + "\n"
