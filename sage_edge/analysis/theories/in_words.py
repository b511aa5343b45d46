"""Theories for people: one line each, all of one, and the page of all of them. Everything foreign is made inert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sage_edge.names import Slug
from sage_edge.records.theory import Speaks, Theory, TheoryEvidence, TheoryPrediction
from sage_edge.sanitize import markdown, terminal

STATES: Mapping[str, str] = {
    "open": "open",
    "supported": "supported",
    "not-supported": "not supported",
    "contested": "contested",
    "replaced": "replaced",
}
_SIDES: tuple[tuple[Speaks, str], ...] = (("for", "for it"), ("against", "against it"), ("neither", "cannot tell"))


def lines(paper: Theory, earlier: Sequence[Theory]) -> Iterator[tuple[str, str]]:
    """Yield everything about a theory as pairs of words. earlier: its versions before, the oldest first."""
    yield "says", terminal(paper.statement)
    yield "from", terminal(paper.source)
    yield "stands", f"{STATES[paper.status]}, {terminal(paper.why)}"
    if paper.replaced_by is not None:
        yield "replaced by", paper.replaced_by
    for prediction in paper.predicts:
        yield "predicts", _prediction(prediction)
    for speaks, label in _SIDES:
        for evidence in paper.speaking(speaks):
            yield label, _evidence(evidence)
    yield "version", f"{paper.version} by {paper.author}, {paper.created:%Y-%m-%d %H:%M}"
    for version in earlier:
        by = paper if version is earlier[-1] else earlier[earlier.index(version) + 1]
        yield "before", f"{version.version}, {STATES[version.status]}; replaced by version {by.version}"


def page(theories: Iterable[Theory], author: str) -> str:
    """Return LATEST_STATUS.md: how every theory stands, and what speaks for and against each. The same ones make it."""
    ordered = sorted(theories, key=lambda paper: paper.name)
    text = [
        "# How the theories stand",
        "",
        f"Made of the newest version of each paper below `theories/`, by {author}; never written by hand.",
        "",
        "| theory | stands | for | against | it says |",
        "|---|---|---|---|---|",
    ]
    for paper in ordered:
        name, stands, for_it, against, _, _ = row(paper)
        text.append(f"| {name} | {stands} | {for_it} | {against} | {markdown(paper.statement)} |")
    for paper in ordered:
        text += ["", f"## {paper.name}", "", f"{markdown(paper.statement)} {STATES[paper.status].capitalize()}, "]
        text[-1] += f"{markdown(paper.why)}. Version {paper.version}, {paper.created:%Y-%m-%d}."
        text += ["", *(f"* predicts {markdown(_prediction(prediction))}" for prediction in paper.predicts)]
        for speaks, label in _SIDES:
            text += [f"* {label}: {markdown(_evidence(evidence))}" for evidence in paper.speaking(speaks)]
    return "\n".join(text) + "\n"


def declared(name: Slug, statement: str, status: str) -> tuple[str, ...]:
    """Return the row of a theory that nobody published yet."""
    return name, STATES[status], "0", "0", "not published", terminal(statement)


def row(paper: Theory) -> tuple[str, ...]:
    """Return a theory's row in a list: name, status, results for and against, version, statement."""
    for_it, against = (str(len(paper.speaking(side))) for side in ("for", "against"))
    return paper.name, STATES[paper.status], for_it, against, f"{paper.version}", terminal(paper.statement)


def _prediction(prediction: TheoryPrediction) -> str:
    what = f"{prediction.by} {prediction.name}" + (f", arm {prediction.arm}" if prediction.arm else "")
    return f"{what}: {prediction.expects.replace('-', ' ')}, {terminal(prediction.how)}"


def _evidence(evidence: TheoryEvidence) -> str:
    what = f"{evidence.by} {evidence.name}" + (f", arm {evidence.arm}" if evidence.arm else "")
    verdict = evidence.verdict.replace("-", " ")
    return f"{what}: {verdict} of {terminal(evidence.mind)} on {evidence.host}, paper {evidence.paper.short}"
