"""What the image around this process was made for, and whether this host may run it.

/etc/sage/image.yaml          written by the build; SAGE_IMAGE_CARD names it, without that variable there is no image
  format: 1
  role: practitioner          the image's labels say the same
  board: orin-nano
  platform: l4t               or cpu: made without a GPU's libraries, for any board that has no GPU
  l4t: {from: '36.4', below: '37'}
  compute_capability: '8.7'
  gpu_layers: -1
  model: qwen2.5-0.5b/introspective:v2.1-q8_0      null: it carries none

On the wrong board an image fails late and oddly (no kernel for the GPU, a model on the CPU), so it is refused first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sage_edge.declared import Declared, Reader
from sage_edge.errors import DeclarationError
from sage_edge.hints import invoke
from sage_edge.inventory.board_card import L4TRange, L4TVersion
from sage_edge.inventory.board_facts import RELEASE
from sage_edge.inventory.errors import WrongImage
from sage_edge.inventory.identity import Me
from sage_edge.names import ModelRef, RoleName, Slug

Platform = Literal["l4t", "cpu"]


class ImageLabel(Declared):
    """What an image says of itself. l4t, compute_capability: of its board, whatever the platform; model: inside it."""

    format: Literal[1]
    role: RoleName
    board: Slug
    platform: Platform
    l4t: L4TRange
    compute_capability: str
    gpu_layers: int
    model: ModelRef | None


def read_label(path: Path) -> ImageLabel:
    """Return what an image says of itself. Raises DeclarationError for a file that is missing or bad."""
    reader = Reader(path.parent)
    label = reader.read(path, ImageLabel)
    if label is None:
        faults = [replace(fault, file=str(path)) for fault in reader.faults]
        raise DeclarationError(
            faults, hint=("the build writes this file; build it anew: ", invoke("image.build", host="HOST"))
        )
    return label


def demand(path: Path | None, me: Me) -> None:
    """Return if the image around us was made for this host; path None: there is none. Raises WrongImage."""
    if path is None:
        return
    if wrong := tuple(contradictions(read_label(path), me)):
        raise WrongImage(me.host.name, wrong)


def contradictions(label: ImageLabel, me: Me) -> Iterator[str]:
    """Yield one sentence for each thing in which an image and a host differ."""
    host, board = me.host.name, me.board
    if label.role != me.role.name:
        yield f"it is for a {label.role}, {host} is a {me.role.name}"
    if label.platform == "cpu":
        if board.compute_capability is not None:
            yield f"it computes without a GPU, and {host}'s board {board.name} has one"
    else:
        yield from _board(label, me)
    if label.model is not None and me.host.model is not None and label.model != me.host.model:
        yield f"it carries {label.model}, {host} is declared with {me.host.model}"


def _board(label: ImageLabel, me: Me) -> Iterator[str]:
    if label.board != me.board.name:
        yield f"it is for the board {label.board}, {me.host.name}'s is {me.board.name}"
    version = me.facts.l4t
    if version is None or not label.l4t.holds(L4TVersion(version)):
        says = "is missing" if version is None else f"says Jetson Linux {version}"
        yield f"{me.facts.root / RELEASE} {says}, it runs on {label.l4t}"
