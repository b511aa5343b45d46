"""Everything that a person can get wrong, as it is typed: one message, one next step that exists, the right exit code.

Tasks, connection and the helper's code are the real ones; of the board only engine, hardware and clock are told
(`loopback`).
"""

from __future__ import annotations

import contextlib
import getpass
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge.deploy.errors import NoRegistry
from sage_edge.deploy.transport import registry
from sage_edge.host import release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.deployment import MOST_ATTEMPTS
from sage_edge.remote.board import helper_zipapp
from tests.deploy import fleetfacts, loopback
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.loopback import Loopback, Typed
from tests.deploy.test_pinned import UNSIGNED
from tests.host import boards
from tests.host.boards import NEW, OLD, QUICK, Killed
from tests.test_documents import fault

ROWS = (
    "unknown host", "unknown role", "unknown release", "unknown overlay", "no fleet/known_hosts entry",
    "no docker on the board", "docker too old", "registry port taken", "compose file that does not parse",
    "two fleets with one address", "clock off by an hour", "board rebooting in a loop",
)  # fmt: skip
"""What issue 4 lists as bad input."""

PLAIN = ("cat", "docker", "grep", "ssh", "ssh-keygen", "sudo")
_COMMAND = re.compile(rf"(?:^|[:?] |/, then )((?:invoke|sage-edge|{'|'.join(PLAIN)}) [^;]*)")

REGISTRY = f"""#!{sys.executable}
import http.server, pathlib, re, sys

config = pathlib.Path(sys.argv[2]).read_text()
port = int(re.search(r"127[.]0[.]0[.]1:(\\d+)", config)[1])
name, token = re.search(r'headers: {{([\\w-]+): ."(\\w+)"', config).groups()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header(name, token)
        self.end_headers()


try:
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
except OSError:
    sys.exit(f'level=fatal msg="listen tcp 127.0.0.1:{{port}}: bind: address already in use"')
"""


@dataclass(frozen=True)
class Stage:
    """What a case may change before the task is typed. held: what has to stay meanwhile. told: what messages name."""

    here: Loopback
    patch: pytest.MonkeyPatch
    held: contextlib.ExitStack
    told: dict[str, object]


def nothing(stage: Stage) -> None:
    """The board is in order."""


def without_keys(stage: Stage) -> None:
    (stage.here.fleet / "known_hosts").write_text("# nobody\n", "utf-8")


def telling(ahead_s: float = 0.0, **changes: object) -> Callable[[Stage], None]:
    return lambda stage: stage.here.tells(ahead_s, **changes)


def of_an_unknown_role(stage: Stage) -> None:
    path = stage.here.fleet / "hosts" / "sprout.yaml"
    path.write_text(path.read_text("utf-8").replace("role: practitioner", "role: gardener"), "utf-8")


def composed_of(text: str) -> Callable[[Stage], None]:
    """The compose file has this text, and the board's compose wants services to be a mapping."""
    refuses = 'read -r line < compose.yaml; [ "$line" = "services: 7" ] || exit 0\n'
    refuses += 'echo "services must be a mapping" >&2; exit 15'

    def prepare(stage: Stage) -> None:
        (stage.here.root / "compose" / "sprout.yaml").write_text(text, "utf-8")
        stage.here.tells(docker__images=[fleetfacts.IMAGE])
        stage.here.has("docker", refuses)

    return prepare


def on_taken_ports(stage: Stage) -> None:
    (taken,) = stage.held.enter_context(ports_taken(1))
    stage.told["taken"] = taken
    with_registry(stage.here.root, stage.patch)
    stage.patch.setattr(registry, "free_port", lambda: taken)


def sharing(stage: Stage) -> None:
    stage.here.shares_its_address()


def rebooting(stage: Stage) -> None:
    """A board that dies whenever it takes a deployment back, as often as it tries."""
    stage.patch.setattr("os.fsync", lambda handle: None)  # a killed process loses nothing that it wrote
    board = boards.Board(stage.here.board)
    board.deploy(OLD)
    board.process().stage(*NEW)
    board.process().activate(QUICK)

    def dies(number: int, name: str) -> None:
        if name == "before up":
            raise Killed(name)

    for _ in range(MOST_ATTEMPTS):
        with board.watched(dies), pytest.raises(Killed):
            board.process().recover("boot")


@contextlib.contextmanager
def ports_taken(count: int) -> Iterator[list[int]]:
    """Ports of the loopback on which somebody else listens, who hangs up on everybody."""
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        for one in listeners:
            held.callback(one.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=_hang_up, args=(one,), daemon=True).start()
        yield [int(one.getsockname()[1]) for one in listeners]


def _hang_up(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            listener.accept()[0].close()


def with_registry(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put a docker-registry on the PATH that listens where it is told, and serves nothing."""
    path = folder / "bin" / "docker-registry"
    path.parent.mkdir()
    path.write_text(REGISTRY, "utf-8")
    path.chmod(0o755)
    patch.setenv("PATH", str(path.parent), prepend=":")


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong. error: what is printed, {filled} with Stage.told. prepare None: it needs no board."""

    row: str
    words: str
    code: int
    error: str
    hint: str
    prepare: Callable[[Stage], None] | None = nothing


FLEET_SHOW = "sage-edge fleet show"
HOSTS, ROLES = "there are: desk, sprout, thor", "there are: operator, practitioner, researcher"
NO_HOST, NO_ROLE = f"no host named 'sprot'; {HOSTS}", f"no role named 'gardener'; {ROLES}"
NO_OVERLAY = "no overlay named {!r}; there are: cpu, laptop, seedling, sim"
OVERLAYS = "see what they are for: grep ^summary fleet/overlays/*.yaml"
RELEASES = "see which there are: invoke rollback --host sprout --list"
NO_KEY = "fleet/known_hosts holds no key for sprout, so sprout ({user}@127.0.0.1 port {port}) is not trusted"
READ_KEY = (
    "on the board's own console: cat /etc/ssh/ssh_host_ed25519_key.pub; then add to fleet/known_hosts: "
    "sprout ssh-ed25519 AAAA…"
)
PROVISION, AUDIT = "invoke provision --host sprout", "invoke audit --host sprout"
NO_ENGINE = "sprout is not ready: no Docker engine answers"
START = "on the board: sudo systemctl start docker"
TOO_OLD = "sprout is not ready: its Docker engine is 19.03.8, the oldest that we know to work is 20.10"
RENEW = "on the board: sudo apt-get update && sudo apt-get install --only-upgrade docker.io"
NO_PORT = (
    "our registry did not start, on 3 ports one after the other: listen tcp 127.0.0.1:{taken}: bind: address already "
    "in use"
)
WHOLE = "send the whole image instead: invoke deploy --host sprout --via save"
NO_YAML = "compose/sprout.yaml: line 2: cannot be read: expected the node content, but found '<stream end>'"
COMPOSE = "mend the file, then see what compose makes of it: docker compose -f compose/sprout.yaml config"
NO_COMPOSE = "sprout: docker compose cannot read the release: services must be a mapping"
MEND = "mend the file below compose/, then: invoke deploy --host sprout"
SHARED = "fleet/ssh_config: thor: has the address of sprout: 127.0.0.1:{port}"
RESOLVE = "mend the file, then see what ssh makes of it: ssh -F fleet/ssh_config -G thor"
ZOO = "what answers is not sprout: its card says that it belongs to the fleet zoo, this one is sage"
ZOO_CARD = "format: 1\nhost: sprout\nfleet: zoo\n"
ADDRESS = (
    "is the address right? ssh -F fleet/ssh_config {0} cat /etc/sage/host.yaml /etc/nv_tegra_release; if it is, "
    "somebody edited the card: remove /etc/sage/host.yaml there, then invoke provision --host {0}"
)
CLOCK = "sprout is not ready: its clock is 60 minutes {} ours"
NTP = "on the board: sudo timedatectl set-ntp true"
GIVEN_UP = (
    f"sprout: {NEW[0].short} could not be taken back, {OLD[0].short} should serve: given up after 3 attempts, and "
    "nothing of ours runs"
)
NOT_BUILT = "docker push sage/sprout:l4t failed: the image is not here"
BUILD = "invoke image.build --host HOST"
NO_WAY_BACK = (
    f"sprout: no release that is still here has served before {OLD[0].short}, so there is nothing to go back to"
)
DECLARED = "what serves changes with what is declared: mend fleet/, then invoke deploy --host sprout"

ALWAYS = ("provision", "image.push", "plan", "deploy", "rollback", "status", "verify", "lock.status")
"""Tasks over hosts, by name, role or all."""
SINGLE = ("image.build", "logs", "audit", "explain", "lock.acquire --why x", "lock.release")
CHANGING = ("provision", "image.push", "plan", "deploy", "rollback", "lock.acquire --why x", "lock.release --yes")

CASES = [
    *(Case("unknown host", f"{task} --host sprot", 2, NO_HOST, FLEET_SHOW, None) for task in (*ALWAYS, *SINGLE)),
    *(Case("unknown role", f"{task} --role gardener", 2, NO_ROLE, FLEET_SHOW, None) for task in ALWAYS),
    Case("unknown role", "deploy --host sprout", 2, f"fleet/hosts/sprout.yaml: role: {NO_ROLE} (line 4)",
         "mend the file, then: sage-edge fleet check", of_an_unknown_role),
    *(Case("unknown overlay", f"{task} --host sprout --fleet smi", 2, NO_OVERLAY.format("smi"), OVERLAYS, None)
      for task in (*ALWAYS, *SINGLE)),
    Case("unknown overlay", "deploy --all --fleet ../fleet", 2, NO_OVERLAY.format("../fleet"), OVERLAYS, None),
    Case("unknown release", "rollback --host sprout --to 0123456789ab", 2,
         "sprout: no release 0123456789ab on this board", RELEASES),
    Case("unknown release", "rollback --host sprout --to nonsense", 2,
         "sprout: expected 12 hex digits, got 'nonsense'", RELEASES),
    *(Case("no fleet/known_hosts entry", f"{task} --host sprout", 3, NO_KEY, READ_KEY, without_keys)
      for task in (*CHANGING, "logs", "audit", "verify --quick", "lock.status")),
    *(Case("no docker on the board", f"{task} --host sprout", 1, NO_ENGINE, START, telling(docker=None))
      for task in ("plan", "deploy", "rollback")),
    Case("no docker on the board", "logs --host sprout", 1, "sprout: docker is not installed", PROVISION,
         telling(docker=None)),
    *(Case("docker too old", f"{task} --host sprout", 1, TOO_OLD, RENEW, telling(docker__version="19.03.8"))
      for task in ("plan", "deploy")),
    *(Case("registry port taken", f"{task} --host sprout", 1, NO_PORT, WHOLE, on_taken_ports)
      for task in ("deploy", "image.push")),
    *(Case("compose file that does not parse", f"{task} --host sprout", 2, NO_YAML, COMPOSE,
           composed_of("services: [\n")) for task in ("plan", "deploy")),
    Case("compose file that does not parse", "deploy --host sprout", 2, NO_COMPOSE, MEND, composed_of("services: 7\n")),
    *(Case("two fleets with one address", f"{task} --host sprout", 3, ZOO, ADDRESS.format("sprout"),
           telling(card=ZOO_CARD)) for task in CHANGING),
    *(Case("two fleets with one address", f"provision {whom}", 2, SHARED, RESOLVE, sharing)
      for whom in ("--all", "--host sprout", "--host thor")),
    *(Case("clock off by an hour", f"{task} --host sprout", 1, CLOCK.format(way), NTP, telling(ahead_s))
      for task in ("plan", "deploy") for way, ahead_s in (("ahead of", 3600.0), ("behind", -3600.0))),
    # what could not be taken back is logged, and what is asked for goes on as far as it can
    Case("board rebooting in a loop", "deploy --host sprout", 1, NOT_BUILT, BUILD, rebooting),
    Case("board rebooting in a loop", "rollback --host sprout", 2, NO_WAY_BACK, DECLARED, rebooting),
]  # fmt: skip


@pytest.fixture
def held() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as held:
        yield held


@pytest.fixture
def here(tmp_path: Path, sprout: Board, identity: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A workstation and a board on which nothing was deployed yet."""
    return loopback.with_board(tmp_path / "work", sprout, identity, monkeypatch)


def test_every_row_of_the_issue_has_a_case() -> None:
    assert {case.row for case in CASES} == set(ROWS)


def named(case: Case) -> str:
    return f"{case.row}: {case.words}"


@pytest.mark.parametrize("case", [case for case in CASES if case.prepare is None], ids=named)
def test_what_the_declarations_do_not_name(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demand(loopback.workstation(tmp_path / "work", monkeypatch).typed(case.words), case, {})


@needs_ssh
@pytest.mark.parametrize("case", [case for case in CASES if case.prepare is not None], ids=named)
def test_what_is_wrong_there(
    case: Case, here: Loopback, monkeypatch: pytest.MonkeyPatch, held: contextlib.ExitStack
) -> None:
    stage = Stage(here, monkeypatch, held, {"port": here.port, "user": getpass.getuser()})
    (case.prepare or nothing)(stage)
    places = Places(here.board)
    before = release_store.current(places)
    demand(here.typed(case.words), case, stage.told)
    assert release_store.current(places) == before, "nothing is switched"
    assert not places.lock.exists(), "whoever was refused keeps nobody out"


def demand(typed: Typed, case: Case, told: dict[str, object]) -> None:
    """One message, one next step with one command that exists, the exit code, and nothing that looks like a result."""
    error = case.error.format(**told)
    assert typed.complaint == [f"error: {error}", f" next: {case.hint}"], typed
    assert (typed.code, typed.out) == (case.code, "")
    (command,) = _COMMAND.findall(case.hint)
    if command.startswith(("invoke ", "sage-edge ")):
        assert fault(command) == ""


@pytest.mark.slow
@needs_ssh
def test_what_stands_on_a_board_is_not_told_as_another_host(here: Loopback) -> None:
    """Two hosts with one address: the board's own card says whose it is, whatever is asked for."""
    here.shares_its_address()
    done = here.typed("plan --all --json")
    assert done.code == 3
    assert [one["ok"] for one in json.loads(done.out)["content"]] == [True, False]
    for task in ("deploy", "rollback", "image.push", "lock.acquire --why x", "lock.release --yes"):
        done = here.typed(f"{task} --host thor")
        assert (done.code, done.complaint[1]) == (3, f" next: {ADDRESS.format('thor')}"), task
    assert known(here, "--all") == ["-", "what answers is not thor: its card says host sprout"]
    assert not Places(here.board).lock.parent.exists()


@needs_ssh
def test_the_board_gives_up_by_itself_and_says_so(
    here: Loopback, monkeypatch: pytest.MonkeyPatch, held: contextlib.ExitStack
) -> None:
    """What its unit runs at boot; until then every boot died."""
    rebooting(Stage(here, monkeypatch, held, {}))
    words = (*helper_zipapp.CALL, "recover", "--because=boot")
    boots = [subprocess.run(words, capture_output=True, text=True, check=False) for _ in range(2)]
    assert [boot.returncode for boot in boots] == [7, 0], "and the next boot finds nothing to do"
    told = json.loads(boots[0].stdout)["error"]
    assert f"sprout: {told['message']}" == GIVEN_UP
    gone = f"the deployment of {NEW[0].short} could not be taken back; the agent's container is not there"
    assert known(here, "--host sprout") == [gone]


def known(here: Loopback, whom: str) -> list[str]:
    """What `status` says of each host, besides what runs."""
    rows = json.loads(here.typed(f"status {whom} --json").out)["content"]
    return [row["what to know"].removeprefix(UNSIGNED).removeprefix("; ") or "-" for row in rows]


def test_a_registry_has_three_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_registry(tmp_path, monkeypatch)
    free = registry.free_port()
    with ports_taken(2) as taken:
        ports = iter([*taken, free])
        monkeypatch.setattr(registry, "free_port", lambda: next(ports))
        with registry.serving(tmp_path / "registry") as port:
            assert port == free
    assert next(ports, None) is None


def test_somebody_elses_registry_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens where ours was to listen, before ours notices: nothing may be pushed there."""
    with_registry(tmp_path, monkeypatch)
    with registry.serving(tmp_path / "theirs") as port:
        monkeypatch.setattr(registry, "free_port", lambda: port)
        with pytest.raises(NoRegistry, match="address already in use"), registry.serving(tmp_path / "ours"):
            pass
