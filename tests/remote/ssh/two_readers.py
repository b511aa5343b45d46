"""One pair of ssh_config and known_hosts as two programs take it: OpenSSH's own client, and our door."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sage_edge import ssh_log
from sage_edge.errors import DeclarationError, SageError, Unreachable
from sage_edge.names import HostName
from sage_edge.remote.errors import AccessDenied, KeyChanged, KeyRevoked, KeyUnknown
from sage_edge.remote.ssh import config
from sage_edge.remote.ssh.client import connect
from tests.deploy.boards import Board

SPROUT = HostName("sprout")
KINDS = ("ed25519", "rsa", "ecdsa")
_AT = {"host-unknown": "key", "host-changed": "key", "host-revoked": "key", "inside": "in", "config": "config"}
_OURS: Mapping[type[SageError], str] = {
    KeyUnknown: "key",
    KeyChanged: "key",
    KeyRevoked: "key",
    AccessDenied: "access",
    Unreachable: "unreachable",
    DeclarationError: "config",
}


@dataclass(frozen=True)
class Readers:
    """sshd: with a key of each kind below its folder; folder: the fleet's; keys: the workstation's."""

    sshd: Board
    folder: Path
    keys: Path

    def write(self, drawn: Mapping[str, str]) -> None:
        """Write both files, with what only this machine knows in the places of <PORT>, <USER>, …"""
        known = {"<PORT>": str(self.sshd.port), "<USER>": getpass.getuser(), "<KEYS>": str(self.keys)}
        known |= {f"<{kind}>": self.public(kind) for kind in (*KINDS, "other")}
        for name, text in drawn.items():
            for place, value in known.items():
                text = text.replace(place, value)
            (self.folder / name).write_bytes(text.encode())
        if "<HASHED>" in drawn["known_hosts"]:
            self._hash()

    def public(self, kind: str) -> str:
        place = self.keys / "other.pub" if kind == "other" else self.sshd.folder / f"host_{kind}.pub"
        return " ".join(place.read_text().split()[:2])

    def _hash(self) -> None:
        path = self.folder / "known_hosts"
        path.write_bytes(path.read_bytes().replace(b"<HASHED>", b""))
        subprocess.run(("ssh-keygen", "-q", "-H", "-f", path), check=False, capture_output=True)

    def openssh(self) -> tuple[str, str]:
        """How OpenSSH ends: (in, key, access, unreachable or config; the key that the host has shown)."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        words = (*config.ssh(self.folder), "-v", "-E", str(log), SPROUT, "true")
        subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL)
        stop = ssh_log.stopped(log.read_text())
        assert stop is not None, log.read_text()
        end = "unreachable" if stop.at in ("name", "port", "silent", "no-ssh") else _AT.get(stop.at, "access")
        return end, stop.shown if end == "in" else ""

    def ours(self) -> tuple[str, str, SageError | None]:
        """How we end, the key that the host has shown, and the error."""
        try:
            with connect(self.folder, SPROUT) as remote:
                key: Any = remote._transport.get_remote_server_key()
                assert remote.run("echo in").text == "in"
                return "in", f"{key.get_name()} {key.fingerprint}", None
        except SageError as error:
            return _OURS[type(error)], "", error


# --- files ----------------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    ["sprout", "SPROUT", "fern", "127.0.0.1", "[127.0.0.1]:<PORT>", "[127.0.0.1]:1", "other", "thor,sprout", "a,b,fern"]
)
_PINNED = st.sampled_from(["<ed25519>", "<rsa>", "<ecdsa>", "<other>", "<ed25519>", "<rsa>"])
_MARKERS = st.sampled_from(["", "", "", "", "@revoked "])
_SPACES = st.sampled_from([" ", "\t", "  "])
_KEY_LINES = st.builds(
    lambda before, marker, name, gap, key, after: f"{before}{marker}{name}{gap}{key}{after}",
    st.sampled_from(["", " ", "\t"]),
    _MARKERS,
    _NAMES,
    _SPACES,
    _PINNED,
    st.sampled_from(["", " a comment", "  "]),
)
_NO_LINES = st.sampled_from(["# sprout <ed25519>", "", "  # none", "\x0b# no comment", "#"])
KNOWN_HOSTS = st.builds(
    lambda lines, end, mark, last, hashed: mark + hashed + end.join(lines) + last,
    st.lists(_KEY_LINES | _KEY_LINES | _NO_LINES, min_size=1, max_size=6),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.sampled_from(["", "", "", "\ufeff# keys\n", "\ufeff"]),
    st.sampled_from(["\n", ""]),
    st.sampled_from(["", "", "", "<HASHED>"]),
)
_BASIC = ("Host *", "HostName 127.0.0.1", "Port <PORT>", "User <USER>", "IdentityFile <KEYS>/id", "IdentitiesOnly yes")
_WORDS = st.sampled_from(
    [
        "HostKeyAlias sprout",
        "HostKeyAlias fern",
        "HostKeyAlias=SPROUT",
        'HostKeyAlias "sprout"',
        "hostkeyalias\tfern",
        "Port 1",
        "HostName 127.0.0.1",
        "HostName=localhost",
        "HostName %h.invalid",
        "IdentityFile <KEYS>/other",
        "IdentityFile <KEYS>/absent",
        "IdentityFile <KEYS>/locked",
        "IdentityFile none",
        'IdentityFile "<KEYS>/i%%d"',
        "IdentityFile <KEYS>/%n_key",
        "IdentityFile <KEYS>/%k_key",
        "IdentityFile ~/.ssh/%r",
        "HostKeyAlgorithms ssh-ed25519",
        "HostKeyAlgorithms rsa-sha2-512",
        "HostKeyAlgorithms ecdsa-sha2-nistp256",
        "Ciphers aes256-ctr",
        "KexAlgorithms curve25519-sha256",
        "MACs hmac-sha2-512",
        "AddressFamily inet",
        "IdentitiesOnly no",
        "ServerAliveInterval 7",
        "# a comment",
        "",
        "  ",
        "Colour blue",
    ]
)
_HEADS = st.sampled_from(
    [
        "Host sprout",
        "Host *",
        "Host thor",
        "Host thor sprout",
        "Host * !sprout",
        "Host spr*",
        "Host s?rout",
        "host=sprout",
        'Host "sprout"',
        "Match all",
        "Match originalhost sprout",
        "Match host 127.*",
        'Match exec "true"',
        'Match exec "false"',
        "Match !host 10.*",
        "Match user <USER>",
        "Include more",
        "Include absent-*",
    ]
)
_BLOCKS = st.builds(
    lambda head, words, indent: _lines([head, *(f"{indent}{word}" for word in words)]),
    _HEADS,
    st.lists(_WORDS, max_size=3),
    st.sampled_from(["", "  ", "\t"]),
)
SSH_CONFIG = st.builds(
    lambda mark, first, blocks, end: (mark + _lines(first) + "".join(blocks) + _lines(_BASIC)).replace("\n", end),
    st.sampled_from(["", "", "", "", "\ufeff"]),
    st.lists(_WORDS, max_size=1),
    st.lists(_BLOCKS, max_size=3),
    st.sampled_from(["\n", "\n", "\r\n"]),
)
MORE = st.lists(_WORDS, max_size=2).map(lambda words: _lines(words))


def _lines(words: Any) -> str:
    return "".join(f"{word}\n" for word in words)


FILES = st.fixed_dictionaries({"ssh_config": SSH_CONFIG, "known_hosts": KNOWN_HOSTS, "more": MORE})
