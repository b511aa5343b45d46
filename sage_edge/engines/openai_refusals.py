"""What an OpenAI-compatible endpoint refuses, and what is refused of it. place: its address, as a host declares it."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge import sanitize, sizes
from sage_edge.engines.errors import EndpointBroken, EndpointRefused

LONGEST_WORDS = 300
_ITS_NAME = "set engine.options.model in the host's file to the name that it has there"


def shown(words: str) -> str:
    """Return what a server says, as one line of a bounded length that does nothing to a terminal."""
    return sanitize.one_line(words[:LONGEST_WORDS])


def wrong_token(place: str, status: int, token_file: str | None) -> EndpointRefused:
    """Return the refusal of a token, or of having none."""
    if token_file is None:
        return EndpointRefused(
            place,
            f"wants a token (status {status})",
            hint="name its file in the host's file: engine.options.token_file",
        )
    return EndpointRefused(
        place,
        f"does not take the token of {token_file} (status {status})",
        hint=f"put the one that this server was started with into {token_file}",
    )


def not_served(place: str, name: str, served: Sequence[str]) -> EndpointRefused:
    """Return the refusal of a model that an endpoint does not have."""
    return EndpointRefused(
        place,
        f"has no model {name}; it serves: {shown(', '.join(served)) or 'none'}",
        hint=_ITS_NAME,
    )


def served_no_more(place: str, served: str, words: str) -> EndpointRefused:
    """Return the refusal of a model that an endpoint had when it was opened."""
    return EndpointRefused(place, f"served {shown(served)}, and says status 404 now: {words}", hint=_ITS_NAME)


def sent_elsewhere(place: str, to: str) -> EndpointRefused:
    """Return the refusal to follow a redirect: whoever is there would get the token and what was said."""
    return EndpointRefused(
        place,
        f"sends whoever asks on to {to}, and nothing was sent there",
        hint="where that is meant, set engine.options.url in the host's file to it",
    )


def too_busy(place: str, wait_s: float) -> EndpointRefused:
    """Return the refusal to wait as long as an endpoint asks to."""
    return EndpointRefused(
        place, f"is busy, and asks to wait {sizes.duration(wait_s)}", hint="ask again later; see what keeps it busy"
    )


def question_refused(place: str, status: int, words: str) -> EndpointRefused:
    """Return what a server says of a question that it does not take."""
    return EndpointRefused(
        place,
        f"does not take the question (status {status}): {words}",
        hint="engine.options.dialect and engine.context_tokens in the host's file have to fit what runs there",
    )


def nonsense(place: str, what: str) -> EndpointBroken:
    """Return the refusal of an answer that no OpenAI-compatible server gives."""
    return EndpointBroken(
        place, f"answers with {what}", hint="see whether engine.options.url names an OpenAI-compatible server"
    )


def broken_off(place: str, why: str) -> EndpointBroken:
    """Return the failure of an answer that has no end."""
    return EndpointBroken(place, f"broke off: {why}")


def no_end(place: str, tokens: int) -> EndpointBroken:
    """Return the failure of a reply that stopped coming, and of which nobody says why it ended."""
    return EndpointBroken(
        place,
        f"ended after {tokens} tokens without a finish reason",
        hint="ask again; a server of llama-cpp-python needs --interrupt_requests false",
    )


def other_end(place: str, why: str) -> EndpointBroken:
    """Return the failure of a reply that ended for a reason that is none of ours."""
    return EndpointBroken(place, f"gave a reply up: {shown(why)}")


def other_status(place: str, status: int, words: str) -> EndpointBroken:
    """Return the failure of a server that is in trouble itself."""
    return EndpointBroken(place, f"answers with status {status}: {words}")


def other_prompt(place: str, there: int, model: str, here: int) -> EndpointBroken:
    """Return the failure of a reply to another prompt than the model's own template makes."""
    return EndpointBroken(
        place,
        f"read {there} tokens, the template of {model} makes {here}",
        hint="start that server with the model's own chat template",
    )


def no_schema(place: str) -> EndpointBroken:
    """Return the failure of a reply that does not hold to a schema."""
    return EndpointBroken(
        place,
        "does not hold its reply to the schema",
        hint="set engine.options.dialect in the host's file to what runs there",
    )
