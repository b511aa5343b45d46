"""Take a board out of service for good, and say so durably: neither a boot nor a timer starts its agent again.

    /srv/sage/deploy/retired.json    format 1
    {"format": 1, "at": "2026-11-20T06:00:00.000Z", "who": "ada@desk"}

Who settles a deployment on a retired board starts nothing, and the watch stops what somebody started by hand. The next
release that is committed lifts it, and so does `invoke provision`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sage_edge.host import durable, machine
from sage_edge.host.board_paths import Places
from sage_edge.host.clock import now_text
from sage_edge.host.errors import HOST, Refusal, invoke

if TYPE_CHECKING:
    from sage_edge.host.service import Docker

UNITS = ("sage-watch.timer", "sage-release.service")
"""What would look after an agent, by a timer and at boot."""


class Retirement(NamedTuple):
    """When a board was retired, and by whom."""

    at: str
    who: str


def read(places: Places) -> Retirement | None:
    """Return the mark of a retired board, None for one in service. A mark that cannot be read is one."""
    try:
        content = json.loads(places.retired.read_bytes())
        return Retirement(str(content["at"]), str(content["who"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Retirement("nobody knows when", "somebody")


def lift(places: Places) -> Retirement | None:
    """Take the mark away, and return it; None where there was none."""
    mark = read(places)
    if mark is not None:
        shutil.rmtree(places.retired) if places.retired.is_dir() else places.retired.unlink()
        durable.sync_folder(places.retired.parent)
    return mark


def retire(places: Places, who: str, docker: Docker, settle: Callable[[], object]) -> tuple[Retirement, bool]:
    """Mark the board, settle what is open, stop everything of ours; return the mark, and whether it is new.

    Called again, it goes on where it was cut off. settle: finishes or takes back an open deployment.
    Raises Refusal while a container of ours is still there.
    """
    before = read(places)
    mark = before or Retirement(now_text(), who[:120])
    _write(places, mark)
    with contextlib.suppress(Refusal):  # a journal that cannot be read keeps nobody from stopping what runs
        settle()
        _write(places, mark)  # a release that was only to be committed has lifted it
    docker.disarm()
    docker.down()
    if docker.has_containers():
        again = invoke("retire", host=HOST, yes=True)
        raise Refusal("not-stopped", "its agent is marked as retired, but could not be stopped", "again: ", again)
    for unit in UNITS:
        machine.run(("systemctl", "disable", "--now", "--quiet", unit))
    return mark, before is None


def _write(places: Places, mark: Retirement) -> None:
    if read(places) is None:
        durable.replace(places.retired, durable.canonical({"format": 1, **mark._asdict()}))


def enforce(docker: Docker) -> bool:
    """Stop what runs on a retired board; return whether there was something."""
    if not docker.has_containers():
        return False
    docker.down()
    return True
