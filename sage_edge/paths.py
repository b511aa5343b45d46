"""The one place that knows directories; everything else is handed a path.

SAGE_FLEET       declarations        nearest `fleet/fleet.yaml` upwards from here, else /srv/sage/current/fleet
SAGE_CARD        who this board is   /etc/sage/host.yaml
SAGE_STATE       the writable volume /srv/sage/state
SAGE_MODELS      more models, each with its card     /srv/sage/models
SAGE_KEY         signs this host's commits           /run/sage/exchange-key, the one that opens the exchange, too
SAGE_FACTS_ROOT  where board facts are measured, `/` unless a test or a container says otherwise
SAGE_SERVING     token, cert.pem and key.pem of the gateway     $SAGE_STATE/serve
SAGE_CACHE       what can be computed again          $SAGE_STATE/cache, else $XDG_CACHE_HOME/sage-edge
SAGE_IMAGE_CARD  what the image around us was made for; set in our images, and nowhere else

state/
  journals/P021.jsonl     the session that is running, or was cut off; kept when done
  papers/…                own branch as files, exactly as drawn in design §5
  exchange.git/           own clone: papers is its work tree
  locks/…                 advisory locks, released by the kernel when their holder dies
  heartbeat.json          replaced while the agent lives
  clock.json              what this host remembers of its own clock
  serve/token             opens the gateway; beside it cert.pem and key.pem where it is reached from elsewhere
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.errors import UsageError

_OF_A_SHELL = ("~", "$", "'", '"')
SYSTEM_CARD = Path("/etc/sage/host.yaml")
SYSTEM_STATE = Path("/srv/sage/state")
SYSTEM_FLEET = Path("/srv/sage/current/fleet")
SYSTEM_MODELS = Path("/srv/sage/models")
SYSTEM_KEY = Path("/run/sage/exchange-key")


@dataclass(frozen=True)
class Paths:
    """Where this process reads and writes. image: None outside of our images; secrets: None: below the state."""

    fleet: Path
    card: Path
    state: Path
    models: Path
    facts_root: Path
    image: Path | None = None
    key: Path = SYSTEM_KEY
    secrets: Path | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str], here: Path) -> Paths:
        """Return the paths that the environment names, or the defaults.

        Raises UsageError without a fleet, and as `named` does.
        """
        return cls(
            fleet=named(env, "SAGE_FLEET") or _nearest_fleet(here),
            card=named(env, "SAGE_CARD") or SYSTEM_CARD,
            state=named(env, "SAGE_STATE") or SYSTEM_STATE,
            models=named(env, "SAGE_MODELS") or SYSTEM_MODELS,
            facts_root=named(env, "SAGE_FACTS_ROOT") or Path("/"),
            image=named(env, "SAGE_IMAGE_CARD"),
            key=named(env, "SAGE_KEY") or SYSTEM_KEY,
            secrets=named(env, "SAGE_SERVING"),
        )

    @property
    def journals(self) -> Path:
        return self.state / "journals"

    @property
    def papers(self) -> Path:
        return self.state / "papers"

    @property
    def exchange(self) -> Path:
        return self.state / "exchange.git"

    @property
    def locks(self) -> Path:
        return self.state / "locks"

    @property
    def heartbeat(self) -> Path:
        return self.state / "heartbeat.json"

    @property
    def serving(self) -> Path:
        """The folder of the gateway's token, certificate and key."""
        return self.secrets or self.state / "serve"

    @property
    def clock(self) -> Path:
        return self.state / "clock.json"


def named(env: Mapping[str, str], name: str) -> Path | None:
    """Return the path that a variable names; None where it is absent or empty.

    Raises UsageError for what a shell would have turned into one: `~/x`, `$HOME/x` or a path in quotes, as units and
    files of variables hand it on. Taken as it is, it would be a folder of that name wherever somebody stands.
    """
    text = env.get(name)
    if text and text.startswith(_OF_A_SHELL):
        raise UsageError(
            f"{name} is {text!r:.200}, which only a shell turns into a path",
            hint=f"write the whole path, without quotes: {name}=/…",
        )
    return Path(text) if text else None


def cache(env: Mapping[str, str]) -> Path:
    """Return the folder for what can be computed again; it may be removed at any time. Needs no fleet.

    A container's only writable volume is its state; a person's caches lie where the desktop standard puts them.
    Raises as `named` does.
    """
    if own_cache := named(env, "SAGE_CACHE"):
        return own_cache
    if state := named(env, "SAGE_STATE"):
        return state / "cache"
    own = env.get("XDG_CACHE_HOME")  # the standard says that a relative one is invalid and must be ignored
    if own and Path(own).is_absolute():
        return Path(own) / "sage-edge"
    return Path(env["HOME"]) / ".cache" / "sage-edge" if env.get("HOME") else SYSTEM_STATE / "cache"


def person_key(env: Mapping[str, str]) -> Path:
    """Return where the key of a person at a workstation lies, where the desktop standard puts such things."""
    own = env.get("XDG_CONFIG_HOME", "")
    config = Path(own) if Path(own).is_absolute() else Path(env.get("HOME") or "/") / ".config"
    return config / "sage-edge" / "key"


def shown(path: Path) -> str:
    """Return a path as a person here would type it: from the current folder where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def _nearest_fleet(here: Path) -> Path:
    for folder in (here, *here.parents):
        if (folder / "fleet" / "fleet.yaml").is_file():
            return folder / "fleet"
    if (SYSTEM_FLEET / "fleet.yaml").is_file():
        return SYSTEM_FLEET
    raise UsageError(
        f"no fleet/fleet.yaml in {here} or above it",
        hint="go to a checkout of the fleet, or name one: SAGE_FLEET=path/to/fleet sage-edge …",
    )
