"""What an inference engine cannot do.

EngineError                exit code 1; the whole family: sage_edge/errors.py
├── EndpointError(place)   an OpenAI-compatible server gave no reply that can be taken
│   ├── EndpointAway       nobody answers there, or whoever does is silent                4
│   ├── EndpointUntrusted  its certificate does not prove that it is who it should be     8
│   ├── EndpointRefused    it answered, and said no                                       3
│   └── EndpointBroken     what it answers is no answer, or breaks off
├── CertificatesUnusable(path)   the file of those that sign its certificate
└── TokenUnusable(path)          the file of its token
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import Hint, sage

ASK_AGAIN = "ask again; the log of that server says why"


class EngineError(SageError):
    """The inference engine could not do what it was asked."""


class UnknownEngine(EngineError, LookupError):
    """No engine is of the kind that was asked for."""

    code = ExitCode.USAGE

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(
            f"no engine of the kind {name!r}; there are: {', '.join(known)}",
            hint=("correct engine.kind in the host's file, then: ", sage("fleet check")),
        )


class ModelUnusable(EngineError):
    """The file is a model of sorts, but this engine cannot conduct a conversation with it."""


class PromptUnfaithful(ModelUnusable):
    """The model's chat template makes no prompt that holds what is said. `why` is a sentence without its name."""

    def __init__(self, model: str, why: str) -> None:
        self.model, self.why = model, why
        super().__init__(
            f"the chat template of {model} does not hold what is said: {why}",
            hint=("take a model whose template shows each message once, as it is: ", sage("model list")),
        )


class WordsAreMarkup(EngineError):
    """What was said holds a sign that a server would take for markup, as it reads each prompt as one text."""

    code = ExitCode.REFUSED

    def __init__(self, model: str, sign: str) -> None:
        self.model, self.sign = model, sign
        super().__init__(
            f"{sign!r} in what was said would become markup of {model} at a server",
            hint="engine.kind: llamacpp and transformers tell words from markup; or leave the sign out of what is said",
        )


class NoSeed(EngineError, ValueError):
    """A number that is no seed: beyond 32 bits, or the one by which llama.cpp means a seed of its own choice."""

    code = ExitCode.USAGE

    def __init__(self, seed: int) -> None:
        self.seed = seed
        super().__init__(
            f"nobody can draw the same again with the seed {seed}",
            hint="take one from 0 to 4294967294",
        )


class SchemaUnusable(EngineError, ValueError):
    """No reply can be held to a schema: it is none, or asks for what the engine cannot promise."""

    def __init__(self, why: str) -> None:
        self.why = " ".join(why.split())[:300]
        super().__init__(
            f"no reply can be held to this schema: {self.why}",
            hint="schemas are written in the code that asks; its keywords are those of JSON Schema 2020-12",
        )


class ContextOverflow(EngineError):
    """The conversation is longer than the model's context."""

    def __init__(self, needs_tokens: int, has_tokens: int) -> None:
        self.needs_tokens, self.has_tokens = needs_tokens, has_tokens
        super().__init__(
            f"the conversation needs {needs_tokens} tokens, the context holds {has_tokens}",
            hint="raise engine.context_tokens in the host's file, or lower sampling.max_tokens",
        )


class EndpointError(EngineError):
    """An endpoint gave no reply that can be taken."""

    def __init__(self, place: str, message: str, *, hint: Hint) -> None:
        self.place = place
        super().__init__(f"{place} {message}", hint=hint)


class EndpointAway(EndpointError):
    """Nobody answers there."""

    code = ExitCode.UNREACHABLE

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            place,
            f"does not answer: {why}",
            hint="see whether it runs; engine.options.url in the host's file says where",
        )


class EndpointUntrusted(EndpointError):
    """Its certificate does not prove that it is who it should be."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, place: str, why: str, *, hint: Hint) -> None:
        super().__init__(place, f"cannot be trusted: {why}", hint=hint)


class EndpointRefused(EndpointError):
    """It answered, and said no."""

    code = ExitCode.REFUSED


class EndpointBroken(EndpointError):
    """What it answers is no answer, or breaks off."""

    def __init__(self, place: str, message: str, *, hint: Hint = ASK_AGAIN) -> None:
        super().__init__(place, message, hint=hint)


class CertificatesUnusable(EngineError):
    """The file of certificates that an endpoint's is held against holds none."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"no certificates are taken from {path}: {why}",
            hint="put those of who signs that server's there, in PEM; engine.options.ca_file names the file",
        )


class TokenUnusable(EngineError):
    """The file of a token holds none, or shows it to others."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"no token is taken from {path}: {why}", hint=f"put the token there, alone, then: chmod 600 {path}"
        )
