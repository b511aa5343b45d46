"""What building an image, and Docker on the workstation, can refuse.

SageError
└── ImageError                                                  exit code
    ├── DockerError               the engine                    1
    │   ├── NoEngine(why)         none answers                  4
    │   ├── NoAccess              it is not for this user       3
    │   ├── EngineTooOld          it cannot build our images    4
    │   └── EngineRefused(what, why)
    ├── BaseUnresolved(name)      no digest is locked           2
    ├── UnknownBase               nothing is built upon it      2
    ├── ClockBehind(at, newest)   it is not 1970 any more       3
    ├── NoAnswer(image)           a registry cannot be asked    4
    ├── NoSuchImage(image)        it has none of that name      1
    ├── NoCompiler, NotPinned, NamesAPlace      hashed requirements 1
    │   └── Offline               the package index is silent   4
    ├── WheelsMissing             packages could not be got     4
    ├── BuildFailed               or what was built is broken   1
    ├── ImageUnreadable(what, why)  not as an image is saved    1
    ├── ImageAbsent(name)         the engine has none           1
    ├── SbomUnreadable(what, why)  no list of packages          1
    ├── SbomDiffers(tag, excess, lack)  not what the image says 8
    ├── OtherArchitecture(tag)    it cannot run here            3
    ├── ImagesDiffer(first, other)  two builds that are not one   8
    └── NotBuilt(host)            there is no image for a host  1
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sage_edge import sanitize
from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import Hint, invoke
from sage_edge.names import HostName


class ImageError(SageError):
    """An image could not be made, found or carried."""


class DockerError(ImageError):
    """The Docker engine of the workstation did not do what it was asked."""


class NoEngine(DockerError):
    """No Docker engine answers on the workstation, or the command that builds is not here."""

    code = ExitCode.UNREACHABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"no Docker engine answers here: {why}",
            hint="on Debian: .ci/engine installs and starts one; elsewhere install Docker 24 or newer and start it",
        )


class NoAccess(DockerError):
    """An engine is there, but this user may not speak to it."""

    code = ExitCode.REFUSED

    def __init__(self) -> None:
        super().__init__(
            "this user may not speak to the Docker engine",
            hint="sudo usermod -aG docker $USER, then log in again; or do it as root",
        )


class EngineTooOld(DockerError):
    """The engine cannot build what we build."""

    code = ExitCode.UNREACHABLE

    def __init__(self, version: str, oldest: str) -> None:
        self.version, self.oldest = version, oldest
        super().__init__(
            f"the Docker engine here is {version}, and to build our images takes {oldest} or newer",
            hint="get a newer one; on Debian 12: .ci/engine",
        )


class EngineRefused(DockerError):
    """The engine answered, and said no. what: what it was asked for, like `docker push`; why: its own words."""

    def __init__(self, what: str, why: str, *, hint: Hint = "") -> None:
        self.what, self.why = what, why
        super().__init__(f"{what} failed: {why}", hint=hint or f"see what the engine says: {what}")


class BaseUnresolved(ImageError):
    """A base has no digest yet, and a build never resolves a tag by itself."""

    code = ExitCode.USAGE

    def __init__(self, name: str, image: str) -> None:
        self.name = name
        lock = invoke("image.lock", base=name)
        here = invoke("image.build", host="HOST", platform="cpu", base="IMAGE")
        super().__init__(
            f"images/images.lock: {name} ({image}) is unresolved, so nobody could say what is built upon",
            hint=(lock, "; or build upon a Debian or Ubuntu that is here: ", here) if name == "cpu" else lock,
        )


class UnknownBase(ImageError):
    """Nothing can be built upon this image."""

    code = ExitCode.USAGE


class ClockBehind(ImageError):
    """The clock says a time before what is to be built was committed."""

    code = ExitCode.REFUSED

    def __init__(self, at: datetime, newest: datetime) -> None:
        self.at, self.newest = at, newest
        super().__init__(
            f"this machine's clock says {at:%Y-%m-%d}, and what is to be built was committed on {newest:%Y-%m-%d}",
            hint="set the clock (timedatectl set-ntp true; or date --set), then the same again",
        )


class NoAnswer(ImageError):
    """The registry could not be asked."""

    code = ExitCode.UNREACHABLE

    def __init__(self, image: str, why: str) -> None:
        self.image = image
        super().__init__(
            f"nobody says which bytes {image} is: {why}",
            hint=(
                "is the network there? then the same again; on a machine without one: ",
                invoke("image.build", base="IMAGE"),
            ),
        )


class NoSuchImage(ImageError):
    """The registry answered, and has no such image, or none for a board."""

    def __init__(self, image: str, why: str) -> None:
        self.image = image
        super().__init__(
            f"{image}: {why}", hint=("correct its name in images/images.lock, then: ", invoke("image.lock"))
        )


class NoCompiler(ImageError):
    """The tool that resolves requirements is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "uv, which writes hashed requirements for another machine, is not installed",
            hint=(".venv/bin/python -m pip install uv; then: ", invoke("image.requirements")),
        )


class NotPinned(ImageError):
    """No set of versions was found, or the index did not answer."""


class Offline(NotPinned):
    """The package index did not answer."""

    code = ExitCode.UNREACHABLE


class NamesAPlace(ImageError):
    """Requirements that say where packages come from are not written."""

    def __init__(self, name: str, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__(
            f"{name} would say where packages come from: {lines[0]:.80}",
            hint=(
                "take the address out of uv's own settings for this call: UV_NO_CONFIG=1 ",
                invoke("image.requirements"),
            ),
        )


class WheelsMissing(ImageError):
    """The packages of an image could not be got."""

    code = ExitCode.UNREACHABLE


class BuildFailed(ImageError):
    """The image could not be built, or does not work."""


class ImageUnreadable(ImageError):
    """What an engine saved is not what an image looks like. what: the part that is odd."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = sanitize.one_line(what), sanitize.one_line(why)
        super().__init__(
            f"the saved image cannot be read: {self.what}: {self.why}",
            hint=("build it anew: ", invoke("image.build", host="HOST", fresh=True)),
        )


class ImageAbsent(ImageError):
    """The engine has no image of that name."""

    def __init__(self, name: str) -> None:
        self.name = sanitize.one_line(name)
        super().__init__(f"the engine has no image {self.name}", hint="see what it has: docker images")


class SbomUnreadable(ImageError):
    """A list of packages, of an image's or a document's, cannot be read."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = sanitize.one_line(what), sanitize.one_line(why)
        super().__init__(
            f"{self.what[:200]}: {self.why[:300]}",
            hint=("write the document anew: ", invoke("image.sbom", host="HOST")),
        )


class SbomDiffers(ImageError):
    """A document names packages that the image lacks (excess), or lacks packages that the image names (lack)."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, tag: str, excess: Sequence[str], lack: Sequence[str]) -> None:
        self.excess, self.lack = tuple(excess), tuple(lack)
        sides = (("the image lacks", self.excess), ("the document lacks", self.lack))
        lines = [
            f"{side}: {', '.join(names[:_SHOWN])}" + (", …" if names[_SHOWN:] else "") for side, names in sides if names
        ]
        super().__init__(
            "\n".join((f"{tag} is not what its document says:", *lines)),
            hint=("the document of this very image: ", invoke("image.sbom", host="HOST")),
        )


class OtherArchitecture(ImageError):
    """An image is for another processor than what is to run, so nothing of it runs there."""

    code = ExitCode.REFUSED

    def __init__(self, tag: str, arch: str, here: str, *, hint: Hint) -> None:
        self.tag, self.arch, self.here = tag, sanitize.one_line(arch), here
        super().__init__(f"{tag} is for {self.arch}, and what is to run is for {here}", hint=hint)


class ImagesDiffer(ImageError):
    """Two images that should be one are not. where: a sentence for each file, of which the first ones are shown."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, first: str, other: str, where: Sequence[str]) -> None:
        self.where = tuple(sanitize.one_line(line) for line in where)
        more = len(self.where) - _SHOWN
        lines = (*self.where[:_SHOWN], *((f"and {more} more",) if more > 0 else ()))
        super().__init__(
            "\n".join((f"{sanitize.one_line(first)} and {sanitize.one_line(other)} are two images:", *lines)),
            hint=("equal sources, bases and packages make equal images; what may differ: docs/operations.md, Images"),
        )


_SHOWN = 20


class NotBuilt(ImageError):
    """There is no image for a host."""

    def __init__(self, host: HostName, folder: str) -> None:
        self.host = host
        super().__init__(f"no image of images/{folder} has been built here", hint=invoke("image.build", host=str(host)))
