"""What one probe answers to the questions of `verify.expect`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import contradictions
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.board.probe import BoardContainer, BoardDeployment, BoardEngine, BoardProbe
from sage_edge.verify.expect_laid import claims
from sage_edge.verify.expect_wants import Found
from sage_edge.verify.rulings import Expectation, Kind, Question, Ruling


def judged(expectations: Sequence[Expectation], facts: BoardProbe, card: Board) -> tuple[Ruling, ...]:
    """Return a ruling for each expectation that one probe answers, in their order. card: the board that it must be."""
    return tuple(_ruling(one, facts, card) for one in expectations if one.is_quick)


def _ruling(expectation: Expectation, facts: BoardProbe, card: Board) -> Ruling:
    found = answer(expectation.question, facts, card)
    ruling = expectation.judge(found)
    if found is None and not ruling.holds and facts.helper != helper_zipapp.packed().short:
        renew = f"invoke provision --host {facts.host}"
        return expectation.unasked("its helper, another than ours, does not say", renew)
    return ruling


def answer(question: Question, facts: BoardProbe, card: Board) -> Found:
    """Return what a probe says to a question; None: it is not there, or the probe does not say."""
    kind = question.kind
    if kind == "board":
        return frozenset(contradictions(facts.board, card))
    if kind in OF_ENGINE:
        return OF_ENGINE[kind](facts.engine) if facts.engine else None
    if kind == "label" or kind in OF_AGENT:
        agent = facts.engine.agent() if facts.engine else None
        if agent is None:
            return None
        return OF_AGENT[kind](agent) if kind in OF_AGENT else agent.labels.get(question.of)
    return OF_BOARD[kind](facts) if kind in OF_BOARD else OF_MANY[kind](facts, question.of)


def _user(facts: BoardProbe, name: str) -> Found:
    account = facts.furniture.users.get(name)
    return f"{account['uid']}:{account['gid']}" if account else None


def _groups(facts: BoardProbe, name: str) -> Found:
    account = facts.furniture.users.get(name)
    return frozenset(account["groups"]) if account else None


def _place(facts: BoardProbe, path: str) -> Found:
    place = facts.files.get(path)
    return f"{place['mode']} {place['uid']}:{place['gid']}" if place else None


def _sha256(digest: str | None) -> Found:
    return f"sha256:{digest}" if digest else None


def _settled(deployed: BoardDeployment) -> Found:
    """The release that serves, by what the newest deployment came to; None while it is under way."""
    ended = {"committed": deployed.journal_release, "reverted": deployed.journal_previous}
    return ended.get(deployed.journal_state or "")


def _manifest(facts: BoardProbe, ref: str) -> Found:
    family, _, rest = ref.partition("/")
    name, _, variant = rest.partition(":")
    return _sha256(facts.models.get(f"{family}/{name}/{variant}.json"))


OF_ENGINE: Mapping[Kind, Callable[[BoardEngine], Found]] = {
    "engine": lambda engine: engine.version,
    "compose": lambda engine: "there" if engine.compose else None,
    "runtimes": lambda engine: frozenset(engine.runtimes),
}
OF_AGENT: Mapping[Kind, Callable[[BoardContainer], Found]] = {
    "status": lambda agent: agent.status,
    "health": lambda agent: agent.health,
    "image": lambda agent: agent.image,
    "serves": lambda agent: agent.release,
    "runs-as": lambda agent: agent.user,
}
OF_BOARD: Mapping[Kind, Callable[[BoardProbe], Found]] = {
    "helper": lambda facts: facts.helper,
    "card": lambda facts: claims(facts.card),
    "secrets": lambda facts: frozenset(facts.furniture.secrets_open),
    "release": lambda facts: _sha256(facts.deployed.release_sha256),
    "journal": lambda facts: facts.deployed.journal_state,
    "settled": lambda facts: _settled(facts.deployed),
    "blobs": lambda facts: None if facts.bytes_missing is None else frozenset(facts.bytes_missing),
    "heartbeat": lambda facts: facts.heartbeat_age_s,
    "wakes": lambda facts: None if facts.failing is None else frozenset(facts.failing),
    "offset": lambda facts: facts.clock_ahead_s,
    "kept": lambda facts: "yes" if facts.clock_synchronized else "no",
    "memory": lambda facts: facts.memory.get("available"),
}
OF_MANY: Mapping[Kind, Callable[[BoardProbe, str], Found]] = {
    "group": lambda facts, name: facts.groups.get(name),
    "user": _user,
    "groups": _groups,
    "place": _place,
    "text": lambda facts, path: _sha256(facts.furniture.texts.get(path)),
    "unit": lambda facts, name: "enabled" if facts.furniture.units.get(name) else "disabled",
    "manifest": _manifest,
    "disk": lambda facts, name: facts.disk[name]["free"] if name in facts.disk else None,
}
