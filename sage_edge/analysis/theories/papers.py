"""The theories that researchers published, read from the verified branches."""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge.exchange.post import Post
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.theory import Theory

FOLDER = "theories"


def published(post: Post, fleet: Fleet) -> tuple[Theory, ...]:
    """Return every version of every theory, by author, name and version."""
    papers = [paper for author in fleet.owners("analyse") for paper in of(post, author)]
    return tuple(sorted(papers, key=lambda paper: (paper.author, paper.name, paper.version)))


def of(post: Post, author: HostName) -> Iterator[Theory]:
    """Yield the theories of one researcher; a paper of a wrong hand, place or newer format takes no effect."""
    for path, content in post.read(author, FOLDER):
        try:
            paper = parse(Theory, content)
        except ValueError:
            continue
        if paper.author == author and paper_paths.of(paper) == path:
            yield paper
