"""A key is a host: what comes in through a real sshd by a bound key can do git to its own branch, and nothing else."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.exchange import hub, hub_gate, hub_keys
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh

from .world import FOLDERS, Stranger, git

SPROUT, THOR = "sprout", "thor"


@dataclass(frozen=True)
class Door:
    """A hub behind a real sshd that knows a key of sprout and one of thor."""

    hub: Path
    sshd: Board
    keys: Path
    stranger: Stranger

    def ssh(self, host: str) -> str:
        """The ssh of whoever holds a host's key."""
        options = "-o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        return f"ssh -F /dev/null -q -p {self.sshd.port} -i {self.keys / host} {options}"

    def asks(self, host: str, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run something on the hub by a host's key."""
        return subprocess.run((*self.ssh(host).split(), "127.0.0.1", *words), input=stdin, capture_output=True)

    def git(self, host: str, *words: str) -> tuple[int, str]:
        """git, in the stranger's clone, by a host's key; {hub} stands for the address."""
        env = {"GIT_SSH_COMMAND": self.ssh(host), "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
        address = f"ssh://{getpass.getuser()}@127.0.0.1{self.hub}"
        done = subprocess.run(
            ("git", f"--git-dir={self.stranger.folder}", *(word.format(hub=address) for word in words)),
            capture_output=True,
            env=env,
            text=True,
        )
        return done.returncode, done.stderr

    def push(self, host: str, *refspecs: str) -> tuple[int, str]:
        """Push by a host's key; every refspec `commit:ref` is forced."""
        return self.git(host, "push", "{hub}", *(f"+{refspec}" for refspec in refspecs))

    def commit_of(self, host: str, *, anew: bool = False) -> str:
        """A commit that breaks no rule, by its own words that host's; on the branch's tip, or on nothing."""
        who, tip = f"{host}@sage-edge.invalid", self.refs().get(f"refs/heads/host/{host}")
        words = {"author": who, "committer": who, "message": f"{host}: x\n\nSage-Host: {host}\n"}
        paper = "decisions/x.json" if host == SPROUT else "findings/x.json"
        entry = {"status.json": ("100644", b"{}")} if tip and not anew else {paper: ("100644", b"{}")}
        return self.stranger.commit([tip] if tip and not anew else [], entry, **words)

    def refs(self) -> dict[str, str]:
        pairs = (
            line.split() for line in git(self.hub, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        )
        return dict(pairs)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    hub.init(folder / "hub.git", FOLDERS)
    (folder / "keys").mkdir()
    lines = []
    for host in (SPROUT, THOR):
        boards.keygen(folder / "keys" / host)
        public = (folder / "keys" / f"{host}.pub").read_text()
        lines.append(hub_keys.line(str(folder / "hub.git" / hub_gate.NAME), host, public))
    with boards.board("hub", folder / "sshd", "\n".join(lines) + "\n", bare=False) as running:
        door = Door(folder / "hub.git", running, folder / "keys", Stranger(folder / "stranger", folder / "hub.git"))
        for host in (SPROUT, THOR):
            code, said = door.push(host, f"{door.commit_of(host)}:refs/heads/host/{host}")
            assert code == 0, said
        yield door


@needs_ssh
@pytest.mark.slow
def test_a_host_pushes_its_own_branch_and_fetches_all(door: Door) -> None:
    made = door.commit_of(SPROUT)
    code, said = door.push(SPROUT, f"{made}:refs/heads/host/sprout")
    assert code == 0, said
    assert door.refs()["refs/heads/host/sprout"] == made
    assert door.git(SPROUT, "fetch", "{hub}", "+refs/heads/host/*:refs/seen/*")[0] == 0
    seen = git(door.stranger.folder, "for-each-ref", "--format=%(refname)", "refs/seen").split()
    assert seen == ["refs/seen/sprout", "refs/seen/thor"]


@needs_ssh
@pytest.mark.slow
@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/host/thor",
        "refs/heads/host/desk",
        "refs/heads/host/sprout/x",
        "refs/heads/host/ghost",
        "refs/heads/main",
        "refs/tags/v1",
        "refs/notes/commits",
        "refs/replace/" + "1" * 40,
        "refs/meta/config",
    ],
)
def test_a_key_of_sprout_writes_nothing_but_its_branch(door: Door, ref: str) -> None:
    """With thor's mail and trailer, too: what counts is the key."""
    before = door.refs()
    made = door.commit_of(THOR if ref.endswith("thor") else SPROUT)
    code, said = door.push(SPROUT, f"{made}:{ref}")
    assert code != 0
    assert "this key is bound to 'sprout', which may push refs/heads/host/sprout alone" in said
    assert door.refs() == before


@needs_ssh
@pytest.mark.slow
def test_one_foreign_branch_among_its_own_stops_the_whole_push(door: Door) -> None:
    before, own = door.refs(), door.commit_of(SPROUT)
    code, said = door.push(SPROUT, f"{own}:refs/heads/host/sprout", f"{own}:refs/heads/host/thor")
    assert code != 0
    assert "bound to 'sprout'" in said
    assert door.refs() == before


@needs_ssh
@pytest.mark.slow
@pytest.mark.parametrize("ref", ["refs/heads/host/sprout", "refs/heads/host/thor"])
def test_nothing_is_deleted_or_begun_anew(door: Door, ref: str) -> None:
    before, anew = door.refs(), door.commit_of(SPROUT, anew=True)
    assert door.push(SPROUT, f":{ref}")[0] != 0
    assert door.push(SPROUT, f"{anew}:{ref}")[0] != 0
    assert door.refs() == before


@needs_ssh
@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "sh",
        "id",
        "cat {hub}/sage-hosts.json",
        "git-upload-archive '{hub}'",
        "git-upload-archive {hub}",
        "git-upload-pack '{other}'",
        "git-receive-pack '{other}'",
        "git-upload-pack '{hub}/../other.git'",
        "git-upload-pack --strict '{hub}'",
        "git-upload-pack '{hub}'; id",
        "git-upload-pack '{hub}' '{other}'",
        "git upload-archive '{hub}'",
        "git --exec-path=/tmp upload-pack '{hub}'",
        "git",
        "git-shell",
        "git-upload-pack ''",
        "git-upload-pack .",
        "git-receive-pack '",
        "rsync --server . {hub}",
        "sage-hub thor",
    ],
)
def test_whatever_else_is_asked_is_refused(door: Door, asked: str) -> None:
    other = door.hub.with_name("other.git")
    if not other.is_dir():
        git(door.hub.parent, "init", "--quiet", "--bare", str(other))
    done = door.asks(SPROUT, *([asked.format(hub=door.hub, other=other)] if asked else []))
    assert done.returncode == 128, done
    assert done.stdout == b""
    assert b"is for git fetch and push on" in done.stderr


@needs_ssh
@pytest.mark.slow
def test_a_client_cannot_say_who_it_is(door: Door, tmp_path: Path) -> None:
    """Nothing that it sends along reaches git or the hook: neither a variable nor a push option."""
    said = hub_gate.surroundings(
        {"SAGE_HOST": "thor", "GIT_DIR": "/x", "GIT_CONFIG_COUNT": "1", "GIT_PROTOCOL": "version=2;x", "PATH": "/bin"},
        SPROUT,
    )
    assert said == {"PATH": "/bin", "LC_ALL": "C", "SAGE_HOST": SPROUT}
    made = door.commit_of(THOR)
    options = ("-o", "SetEnv=SAGE_HOST=thor")
    shell = f"{door.ssh(SPROUT)} {' '.join(options)}"
    env = {"GIT_SSH_COMMAND": shell, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    address = f"ssh://{getpass.getuser()}@127.0.0.1{door.hub}"
    words = ("git", f"--git-dir={door.stranger.folder}", "push", address, f"{made}:refs/heads/host/thor")
    done = subprocess.run(words, capture_output=True, env=env)
    assert done.returncode != 0
    assert b"bound to 'sprout'" in done.stderr


def test_the_program_reaches_its_repository_through_git_shell(tmp_path: Path) -> None:
    """Where git-shell is the login's shell, as on many hubs: it runs only what lies in a folder of the login's own."""
    hub.init(tmp_path / "hub.git", FOLDERS)
    commands = tmp_path / "git-shell-commands"
    commands.mkdir()
    (commands / hub_gate.NAME).symlink_to(tmp_path / "hub.git" / hub_gate.NAME)

    def asks(question: str) -> subprocess.CompletedProcess[bytes]:
        env = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin", "SSH_ORIGINAL_COMMAND": question}
        return subprocess.run(("git-shell", "-c", "sage-hub sprout"), capture_output=True, env=env)

    served = asks("git-upload-pack 'hub'")  # below the login's folder, and without its ending: git finds that, too
    assert served.stdout == b"0000"  # all the refs of an empty hub
    assert asks("git-upload-pack '~/hub.git'").stdout == served.stdout
    refused = asks("id")
    assert (refused.returncode, refused.stdout) == (128, b"")


@pytest.mark.parametrize("words", [[], ["Thor"], ["sprout", "thor"], ["-x"], ["../thor"]])
def test_a_line_that_names_no_host_lets_nobody_in(words: list[str], tmp_path: Path) -> None:
    hub.init(tmp_path / "hub.git", FOLDERS)
    env = {"PATH": "/usr/bin:/bin", "SSH_ORIGINAL_COMMAND": f"git-upload-pack {tmp_path}/hub.git"}
    done = subprocess.run((tmp_path / "hub.git" / hub_gate.NAME, *words), capture_output=True, env=env)
    assert (done.returncode, done.stdout) == (128, b"")
    assert b"must name one host" in done.stderr


@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "git",
                "git-upload-pack",
                "git-receive-pack",
                "upload-pack",
                "'",
                '"',
                " ",
                "/hub.git",
                "/x",
                "--",
                ";",
                "\\",
            ]
        ),
        max_size=6,
    ).map("".join)
)
def test_only_the_two_services_on_this_place_are_understood(asked: str) -> None:
    service = hub_gate.asked_service(asked, Path("/hub.git"))
    if service is not None:
        assert service in ("upload-pack", "receive-pack")
        assert "hub" in asked
        assert "/x" not in asked
