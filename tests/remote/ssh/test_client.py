"""One door, and only to a host whose key is declared: right key in, wrong key out, unknown key out, nobody home: 4."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import DeclarationError, Unreachable
from sage_edge.names import HostName
from sage_edge.remote.errors import AccessDenied, KeyChanged, KeyUnknown, TooMuchOutput
from sage_edge.remote.ssh.client import connect
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh

pytestmark = needs_ssh
SPROUT, THOR = HostName("sprout"), HostName("thor")


def test_what_runs_there_comes_back_whole(fleet: Path) -> None:
    with connect(fleet, SPROUT) as remote:
        assert remote.run("printf out; printf err >&2; exit 7").code == 7
        echoed = remote.run('cat; printf "%s" "$2" >&2', "a", "it's $HOME `b`", stdin=b"\0\xff\n" * 9)
        assert (echoed.code, echoed.out, echoed.err) == (0, b"\0\xff\n" * 9, b"it's $HOME `b`")
        assert len(remote.run("head -c 5000000 /dev/zero; head -c 1000000 /dev/zero >&2").out) == 5_000_000


def test_an_answer_without_end_is_refused(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.remote.ssh.client.MOST_OUTPUT_BYTES", 100_000)
    with connect(fleet, SPROUT) as remote:
        assert len(remote.run("head -c 100000 /dev/zero").out) == 100_000
        with pytest.raises(TooMuchOutput) as caught:
            remote.run("while head -c 100000 /dev/zero; do :; done")
        assert (caught.value.host, caught.value.most_bytes) == (SPROUT, 100_000)
        chatty = remote.run("head -c 300000 /dev/zero >&2; echo done")
        assert (chatty.text, len(chatty.err)) == ("done", 100_000)


def test_a_command_ends_in_its_time(fleet: Path) -> None:
    with connect(fleet, SPROUT) as remote:
        late = remote.run("sleep 60", timeout_s=0.3)
        assert (late.code, late.err) == (124, b"no end within 0.3 s")
        assert remote.run("echo on").text == "on"


def test_small_packets_are_not_held_back(fleet: Path) -> None:
    with connect(fleet, SPROUT) as remote:
        wire = remote._transport.sock
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_another_key_is_refused_by_name_and_print(fleet: Path, sprout: Board, thor: Board) -> None:
    (fleet / "known_hosts").write_text(f"sprout {thor.public_key}\n")
    with pytest.raises(KeyChanged) as caught, connect(fleet, SPROUT):
        pass
    assert caught.value.code == 3
    said = caught.value.message
    assert said.startswith("sprout (")
    assert "answers with key ssh-ed25519 SHA256:" in said
    assert said.endswith("nothing was sent")
    assert caught.value.expected != caught.value.actual


@pytest.mark.parametrize(
    "lines", ["", "# nothing\n", "thor {key}\n", "[127.0.0.1]:{port} {key}\n", "127.0.0.1 {key}\n"]
)
def test_a_host_without_a_key_is_not_connected_to(fleet: Path, sprout: Board, lines: str) -> None:
    (fleet / "known_hosts").write_text(lines.format(key=sprout.public_key, port=sprout.port))
    says = r"known_hosts holds no key for sprout, so sprout .* is not trusted"
    with pytest.raises(KeyUnknown, match=says) as caught, connect(fleet, SPROUT):
        pass
    assert caught.value.code == 3


def test_without_an_alias_the_address_names_the_key(fleet: Path, sprout: Board) -> None:
    config = (fleet / "ssh_config").read_text().replace("  HostKeyAlias sprout\n", "")
    (fleet / "ssh_config").write_text(config)
    (fleet / "known_hosts").write_text(f"[127.0.0.1]:{sprout.port} {sprout.public_key}\n")
    with connect(fleet, SPROUT) as remote:
        assert remote.run("echo in").text == "in"


def test_a_stranger_is_not_let_in(fleet: Path, sprout: Board, thor: Board, tmp_path: Path) -> None:
    boards.keygen(tmp_path / "other")
    boards.fleet(fleet, (sprout, thor), tmp_path / "other")
    with (
        pytest.raises(AccessDenied, match=r"to none of this host's keys: .*/other ED") as caught,
        connect(fleet, SPROUT),
    ):
        pass
    assert caught.value.code == 3
    boards.fleet(fleet, (sprout, thor), tmp_path / "no such key")
    with pytest.raises(AccessDenied), connect(fleet, SPROUT):
        pass


def test_nobody_home(fleet: Path, sprout: Board) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        there = f"Port {closed.getsockname()[1]}"
        (fleet / "ssh_config").write_text((fleet / "ssh_config").read_text().replace(f"Port {sprout.port}", there))
        with pytest.raises(Unreachable, match="does not answer") as caught, connect(fleet, SPROUT):
            pass
    assert caught.value.code == 4


def test_somebody_who_is_no_sshd(fleet: Path, sprout: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.remote.ssh.client.CONNECT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        there = f"Port {mute.getsockname()[1]}"
        (fleet / "ssh_config").write_text((fleet / "ssh_config").read_text().replace(f"Port {sprout.port}", there))
        with pytest.raises(Unreachable, match="does not answer"), connect(fleet, SPROUT):
            pass


def test_a_connection_that_dies_is_unreachable(fleet: Path) -> None:
    with connect(fleet, SPROUT) as remote:
        with pytest.raises(Unreachable, match="the command was cut off"):
            remote.run("kill -9 $PPID")  # the sshd that serves this connection
        with pytest.raises(Unreachable):
            remote.run("true")


def _without(name: str) -> Callable[[Path], None]:
    return lambda fleet: (fleet / name).unlink()


def _with(name: str, line: str) -> Callable[[Path], None]:
    def add(fleet: Path) -> None:
        with (fleet / name).open("a") as stream:
            stream.write(line + "\n")

    return add


def _before(name: str, text: str) -> Callable[[Path], None]:
    def add(fleet: Path) -> None:
        (fleet / name).write_text(text + (fleet / name).read_text())

    return add


def test_a_byte_order_mark_before_a_comment_is_one(fleet: Path) -> None:
    _before("known_hosts", "\ufeff# keys of the hosts\r\n")(fleet)
    with connect(fleet, SPROUT) as remote:
        assert remote.run("echo in").text == "in"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_without("ssh_config"), "fleet/ssh_config: the file is missing"),
        (_without("known_hosts"), "fleet/known_hosts: the file is missing"),
        (_with("ssh_config", "Colour blue"), "fleet/ssh_config: line 15: Bad configuration option: colour"),
        (_with("ssh_config", "Host *\n ProxyJump thor"), "proxyjump is not supported; a host is reached directly"),
        (_with("ssh_config", "Host *\n ProxyCommand nc"), "proxycommand is not supported; a host is reached directly"),
        (_with("ssh_config", "\nHost *\n RemoteCommand ls"), "remotecommand is not supported"),
        (_with("ssh_config", "\nHost *\n IdentityFile ~nobody-here/x"), "sprout: there is no user nobody-here"),
        (_with("ssh_config", "\nHost *\n IdentityFile ${NOT_SET}/x"), "sprout: the variable NOT_SET is not set"),
        (_before("ssh_config", "\ufeff# addresses\n"), "line 1 begins with a byte order mark"),
        (_before("known_hosts", "\ufeffsprout ssh-ed25519 AAAA\n"), "line 1: a byte order mark stands before the name"),
        (_with("known_hosts", "@revoked sprout"), "line 4: expected a name, a key type and a key"),
        (_with("known_hosts", "@cert-authority sprout ssh-ed25519 A"), "line 4: markers like @cert-authority are not"),
        (_with("known_hosts", "* ssh-ed25519 AAAA"), "line 4: expected a plain name, got '*'"),
        (_with("known_hosts", "sprout"), "line 4: expected a name, a key type and a key"),
        (_with("known_hosts", "thor ssh-ed25519 AAAA"), "line 4: holds no key that can be read"),
        (_with("known_hosts", "thor ssh-ed25519 @@"), "line 4: holds no key that can be read"),
    ],
)
def test_declarations_that_do_not_hold(fleet: Path, change: Callable[[Path], None], says: str) -> None:
    change(fleet)
    with pytest.raises(DeclarationError) as caught, connect(fleet, SPROUT):
        pass
    assert says in caught.value.message
    resolve, keys = "ssh -F fleet/ssh_config -G sprout", "fleet/known_hosts'"
    about_keys = "fleet/known_hosts:" in caught.value.message
    assert hints.text(caught.value.hint).endswith(keys if about_keys else resolve)


def test_the_fleet_of_this_checkout_names_its_hosts() -> None:
    from sage_edge.remote.ssh import config as addresses
    from sage_edge.remote.ssh import known_keys

    own = Path(__file__).parents[3] / "fleet"
    assert [addresses.find(own, host).key_name for host in (SPROUT, THOR)] == ["sprout", "thor"]
    assert known_keys.pinned(own / "known_hosts", "sprout").own == ()
