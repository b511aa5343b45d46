"""What fleet.yaml and the overlays may say; hosts, roles and boards have modules of their own.

fleet.yaml          FleetFile
hosts/<name>.yaml   host_entry.Host    the file is named after the host, as below
roles/<name>.yaml   roles.Role
boards/<name>.yaml  board_card.Board
overlays/<name>.yaml  Overlay   partial fleet.yaml and hosts, laid over the above when a machine's card asks for it
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from sage_edge.clock import Duration
from sage_edge.clock_trust import AHEAD, SLACK
from sage_edge.declared import Declared
from sage_edge.inventory.cadence import PositiveDuration, Schedule
from sage_edge.names import HostName, Slug


def _plain_address(remote: str) -> str:
    # git would read a leading hyphen as an option
    if remote.startswith("-") or not remote.isprintable():
        raise ValueError(f"expected an address that git can fetch from, got {remote!r}")
    return remote


class ExchangeAddress(Declared):
    """Where the fleet's post is: any address that git can fetch from and push to.

    administrator: the block of fleet/ssh_config by which `invoke provision` reaches whoever may write authorized_keys
    there (root, sudo, or the hosts' own login); None: a person does it.
    """

    remote: Annotated[str, Field(min_length=1), AfterValidator(_plain_address)]
    administrator: HostName | None = None


_REGISTRY = r"^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9._-]+)*$"


def _ahead(length: Duration) -> Duration:
    if not Duration(days=1) <= length <= Duration(days=3660):
        raise ValueError(f"expected between 1d and 3660d, got '{length}'")
    return length


def _slack(length: Duration) -> Duration:
    if not Duration(minutes=1) <= length <= Duration(days=7):
        raise ValueError(f"expected between 1m and 7d, got '{length}'")
    return length


class FleetFile(Declared):
    """What holds for the whole fleet. registry: from which boards pull their images, like `registry.example:5000/pets`;
    None: from the workstation, through the connection that is open anyway.

    clock_ahead, clock_slack: how long after a release's commit a clock is plausible that nothing keeps in step, and
    how far it may be off, before nothing is done by it that cannot be undone.
    """

    format: Literal[1]
    name: Slug
    exchange: ExchangeAddress
    registry: Annotated[str, Field(pattern=_REGISTRY)] | None = None
    cadence: Schedule
    wake_every: PositiveDuration
    clock_ahead: Annotated[Duration, AfterValidator(_ahead)] = AHEAD
    clock_slack: Annotated[Duration, AfterValidator(_slack)] = SLACK


def _below_the_root(folder: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+", folder) or ".." in folder.split("/"):
        raise ValueError(f"expected a folder below the repository's root like .sage/sim, got {folder!r}")
    return folder


class Overlay(Declared):
    """Another place for the same hosts: where and on what they run. It cannot give anybody another role.

    addresses: the folder with the ssh_config and known_hosts of these machines, relative to the folder above fleet/;
    None: fleet/ itself.
    """

    format: Literal[1]
    name: Slug
    summary: str
    addresses: Annotated[str, AfterValidator(_below_the_root)] | None = None
    fleet: dict[str, JsonValue] = Field(default_factory=dict)
    hosts: dict[HostName, dict[str, JsonValue]] = Field(default_factory=dict)
