"""What OpenSSH resolves becomes an address."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from sage_edge.names import HostName
from sage_edge.remote.ssh import config


def test_what_ssh_resolves_becomes_an_address(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    settings = (
        f"user sage\nhostname 10.0.0.7\nport 22\nidentityfile {key}\nidentityfile ~/.ssh/none\nidentitiesonly yes\n"
    )
    address = config.read(tmp_path, HostName("thor"), settings)
    assert (address.hostname, address.port, address.user, address.key_name) == ("10.0.0.7", 22, "sage", "10.0.0.7")
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert (address.identities, address.identities_only) == (
        (key, home / ".ssh" / "none"),
        True,
    )
    assert str(address) == "thor (sage@10.0.0.7 port 22)"
    elsewhere = settings.replace("port 22", "port 23")
    assert config.read(tmp_path, HostName("thor"), elsewhere).key_name == "[10.0.0.7]:23"
    assert config.read(tmp_path, HostName("thor"), settings + "hostkeyalias thor\n").key_name == "thor"
