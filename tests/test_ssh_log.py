"""ssh's own log of a connection that failed becomes the place where it stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import ssh_log
from sage_edge.ssh_log import SshStop, Stopped

BEGUN = """\
OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026
debug1: /etc/ssh/ssh_config line 19: include /etc/ssh/ssh_config.d/*.conf matched no files
debug1: Connecting to 127.0.0.1 [127.0.0.1] port 22.
debug1: Connection established.
debug1: Authenticating to 127.0.0.1:22 as 'post'
debug1: Server host key: ssh-ed25519 SHA256:X3UF
"""
CHANGED = """\
Offending ED25519 key in /k/known hosts:4
Host key for hub has changed and you have requested strict checking.
Host key verification failed.
"""
UNSIGNED = 'sign_and_send_pubkey: signing failed for ED25519 "me@x" from agent: agent refused operation\n'
OFFERED = "debug1: Offering public key: /k/my id ED25519 SHA256:vbwn explicit\n"
ACCEPTED = OFFERED + "debug1: Server accepts key: /k/my id ED25519 SHA256:vbwn explicit\n"
NO_MORE = "debug1: No more authentication methods to try.\npost@hub: Permission denied (publickey).\n"


@pytest.mark.parametrize(
    ("log", "at", "file"),
    [
        ("No user exists for uid 10001\n", "no-user", ""),
        ("/x/config: line 3: Bad configuration option: colour\n", "config", "/x/config"),
        ("/x/config line 3: missing argument.\n", "config", "/x/config"),
        ("Bad owner or permissions on /srv/.ssh/config\n", "config", "/srv/.ssh/config"),
        ("ssh: Could not resolve hostname hub: Name or service not known\n", "name", ""),
        ("debug1: connect to address ::1 port 22: refused\nssh: connect to host hub port 22: No route\n", "port", ""),
        (f"{BEGUN}Connection timed out during banner exchange\n", "silent", ""),
        (f"{BEGUN}kex_exchange_identification: read: Connection reset by peer\n", "no-ssh", ""),
        (BEGUN, "no-ssh", ""),
        (f"{BEGUN}Unable to negotiate with 127.0.0.1 port 22: no matching host key type found.\n", "algorithm", ""),
        (f"{BEGUN}No ED25519 host key is known for hub and you have requested strict checking.\n", "host-unknown", ""),
        (
            f"{BEGUN}{CHANGED}",
            "host-changed",
            "/k/known hosts:4",
        ),
        (
            f"{BEGUN}ED25519 host key for hub was revoked and you have requested strict checking.\n",
            "host-revoked",
            "",
        ),
        (f'{BEGUN}{OFFERED}Load key "/k/bad": error in libcrypto\n{NO_MORE}', "key-file", "/k/bad"),
        (f"{BEGUN}{ACCEPTED}{NO_MORE}", "key-locked", "/k/my id"),
        (
            f"{BEGUN}{ACCEPTED}{UNSIGNED}{NO_MORE}",
            "agent",
            "me@x",
        ),
        (f"{BEGUN}{OFFERED}{NO_MORE}", "denied", ""),
        (f"{BEGUN}debug1: Trying private key: /srv/.ssh/id_rsa\n{NO_MORE}", "no-key", ""),
        (f"{BEGUN}{OFFERED}Received disconnect from ::1 port 22:2: Too many authentication failures\n", "too-many", ""),
        (f"{BEGUN}{ACCEPTED}Connection closed by 127.0.0.1 port 22\n", "account", ""),
        (
            f'{BEGUN}{ACCEPTED}Authenticated to hub ([::1]:22) using "publickey".\nHost key verification failed.\n',
            "inside",
            "",
        ),
    ],
)
def test_where_it_stopped(log: str, at: SshStop, file: str) -> None:
    stop = ssh_log.stopped(log)
    assert stop is not None
    assert (stop.at, stop.file) == (at, file)
    begun = BEGUN in log
    assert (stop.user, stop.shown) == (("post", "ssh-ed25519 SHA256:X3UF") if begun else ("", ""))


def test_lines_may_end_as_ssh_ends_them_in_a_file() -> None:
    log = f"{BEGUN}kex_exchange_identification: read: Connection reset by peer\n"
    assert ssh_log.stopped(log.replace("\n", "\r\n")) == ssh_log.stopped(log)
    assert ssh_log.exit_status("debug1: Exit status 3\r\n") == 3


def test_the_keys_are_named() -> None:
    offered = ssh_log.stopped(f"{BEGUN}{OFFERED}{OFFERED}{NO_MORE}")
    assert offered == Stopped(
        "denied",
        "post@hub: Permission denied (publickey).",
        host="hub",
        user="post",
        keys=("/k/my id ED25519 SHA256:vbwn",),
        shown="ssh-ed25519 SHA256:X3UF",
    )
    tried = ssh_log.stopped(f"{BEGUN}debug1: Trying private key: /srv/.ssh/id_rsa\n{NO_MORE}")
    assert tried is not None
    assert tried.keys == ("/srv/.ssh/id_rsa",)


def test_a_log_that_says_nothing() -> None:
    assert ssh_log.stopped("") is None
    assert ssh_log.stopped("debug1: Connecting to hub\n") is None
    assert ssh_log.exit_status(BEGUN) is None
    assert ssh_log.exit_status(f"{BEGUN}debug1: Exit status -1\n") == -1
    assert ssh_log.exit_status(f"{BEGUN}debug1: Exit status 127\n") == 127


LINES = st.sampled_from([*BEGUN.splitlines(), *(ACCEPTED + NO_MORE).splitlines(), 'Load key "\x1b[2J\x85": bad'])


@given(st.lists(LINES | st.text(max_size=40)).map("\n".join))
def test_whatever_it_says_the_answer_is_inert_and_short(log: str) -> None:
    stop = ssh_log.stopped(log)
    if stop is not None:
        for text in (stop.words, stop.file, stop.host, stop.user, stop.shown, *stop.keys):
            assert text.isprintable()
            assert len(text) <= ssh_log.LONGEST
