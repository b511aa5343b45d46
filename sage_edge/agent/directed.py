"""The directives to this host and what it answered, read from the verified branches."""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge import sanitize
from sage_edge.agent.directives import DirectedPapers
from sage_edge.exchange.post import Post
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import Digest, HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.directive import Directive, DirectiveAnswer
from sage_edge.sessions import interventions, trials

FOLDER = "directives"


def papers(post: Post, fleet: Fleet, host: HostName, problems: list[str]) -> DirectedPapers:
    """Return what is known of the directives to a host; what cannot be read goes to `problems`, made inert."""
    given = {
        directive.fingerprint(): directive
        for author in sorted(fleet.hosts)
        for directive in _by(post, HostName(author), problems)
        if directive.to == host
    }
    return DirectedPapers(
        given,
        answers(post, host),
        interventions.recommendations(post, fleet),
        interventions.decisions(post, host),
        trials.papers(post, fleet),
    )


def answers(post: Post, host: HostName) -> dict[Digest, DirectiveAnswer]:
    """Return directive → a host's answer to it, where that is no decision."""
    read = (content for path, content in post.read(host, "decisions") if paper_paths.is_answer(path))
    return {answer.directive: answer for answer in (parse(DirectiveAnswer, content) for content in read)}


def _by(post: Post, author: HostName, problems: list[str]) -> Iterator[Directive]:
    """Yield what a host directs, in the order of its commits."""
    for path, content in post.read_in_order(author, FOLDER):
        try:
            directive = parse(Directive, content)
        except ValueError as foreign:  # of a newer format or a wrong hand: it is told, not believed
            problems.append(f"{author} {path} cannot be read: {sanitize.page(str(foreign))}")
            continue
        if directive.author == author and paper_paths.of(directive) == path:
            yield directive
        else:
            problems.append(f"{author} {path} cannot be read: this is not where a directive of {author} lies")
