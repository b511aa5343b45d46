"""How the workstation comes in: its key pair, and the two files that say where the stand-ins are and who they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sage_edge import files, shell
from sage_edge.inventory import signers
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName
from sage_edge.shell import Command
from sage_edge.sim.place import Machine, SimPlace


def ensure_key(place: SimPlace) -> str:
    """Return the workstation's public key; the pair is made where there is none."""
    public = place.key.with_suffix(".pub")
    if not (place.key.is_file() and public.is_file()):
        for left in (place.key, public):
            left.unlink(missing_ok=True)
        shell.run(key_generation(place.key))
    return public.read_text("utf-8").strip()


def ensure_operator(place: SimPlace, operator: HostName) -> None:
    """Let there be a key that signs what stand-ins run, and a line that says whose it is."""
    key = place.operator_key
    if not key.is_file():
        key.with_suffix(".pub").unlink(missing_ok=True)
        shell.run(key_generation(key))
    half = " ".join(key.with_suffix(".pub").read_text("ascii").split()[:2])
    line = Signer(operator, (signers.COMMITS, signers.RELEASES), half, signers.START, counters=(0, None))
    listed = signers.read(place.folder)
    if (text := signers.added(listed, line)) != listed:
        files.write_atomic(place.folder / signers.FILE, text.encode("ascii"))


def key_generation(path: Path) -> Command:
    """Return the command that makes a key pair without a passphrase; ssh-keygen keeps others from reading it."""
    return Command(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sage-sim", "-f", str(path)))


def config(place: SimPlace, machines: Iterable[Machine]) -> str:
    """Return the ssh_config of the stand-ins. Of its own it trusts no key that is not in known_hosts."""
    blocks = [_block(place, machine) for machine in machines]
    return "".join(("# Written by sim.up. By hand: ssh -F THIS_FILE sprout\n", *blocks))


def _block(place: SimPlace, machine: Machine) -> str:
    options = (
        ("HostName", "127.0.0.1"), ("Port", str(machine.port)), ("User", machine.user), ("HostKeyAlias", machine.host),
        ("IdentityFile", f'"{place.key}"'), ("IdentitiesOnly", "yes"),
        ("UserKnownHostsFile", f'"{place.known_hosts}"'), ("StrictHostKeyChecking", "yes"),
    )  # fmt: skip
    return f"\nHost {machine.host}\n" + "".join(f"  {key} {value}\n" for key, value in options)


def known_hosts(keys: Mapping[str, str]) -> str:
    """Return a known_hosts file: host → public key as /etc/ssh holds it."""
    return "".join(f"{host} {' '.join(key.split()[:2])}\n" for host, key in sorted(keys.items()))
