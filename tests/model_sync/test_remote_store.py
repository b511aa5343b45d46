"""What a board answers is read strictly: it is not ours, and may be damaged or hostile."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.errors import CommandFailed, SageError, StorageError, Unreachable
from sage_edge.model_sync import remote_store, rsync
from sage_edge.model_sync.rsync import Side
from sage_edge.model_sync.sync_plan import lineage, plan
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.ssh import config
from tests.deploy import weights

MARK = "--mark"
HEX = "ab" * 32
FACTS = f"""store /srv/sage/models
lacks rsync
prepares
df Filesystem 1024-blocks Used Available Capacity Mounted on
df /dev/a disk 1000 400 600 40% /srv
file 12 blobs/sha256-{HEX}
file 5 partial/sync/sha256-{HEX}
file 17 total
file 9 blobs/sha256-{HEX}/../../etc
"""


def test_an_answer_is_read() -> None:
    there = remote_store.read(FACTS, MARK, ())
    assert (str(there.root), there.lacks, there.prepares) == ("/srv/sage/models", ("rsync",), True)
    assert there.free_bytes == 600 * 1024
    assert dict(there.blobs) == {Digest(f"sha256:{HEX}"): 12}
    assert dict(there.parts) == {Digest(f"sha256:{HEX}"): 5}


@pytest.mark.parametrize("text", ["", "store relative\n", "store /a\nstore /b\n", "Welcome!\n"])
def test_an_answer_without_one_store_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no store is named"):
        remote_store.read(text, MARK, ())


def test_a_listing_under_another_name_is_refused(tmp_path: Path) -> None:
    manifest = weights.plain(Store(tmp_path))
    other = ModelRef("a/b:c")
    text = f"{FACTS}{MARK} a/b/c.json\n{manifest.pretty().decode()}\n{MARK}\n"
    with pytest.raises(ValueError, match=f"a/b/c.json lists {manifest.ref}"):
        remote_store.read(text, MARK, (other,))


def test_a_listing_is_read_and_planned(tmp_path: Path) -> None:
    manifest = weights.plain(Store(tmp_path))
    shown = f"{MARK} {remote_store.name_of(manifest.ref)}\n{manifest.pretty().decode()}\n{MARK}\n"
    there = remote_store.read(FACTS + shown, MARK, (manifest.ref,))
    assert there.manifests == {manifest.ref: manifest}
    todo = plan(manifest, there)
    assert (len(todo.missing), todo.names, todo.send_bytes) == (4, True, 3_000_002)


@given(st.text(max_size=400))
def test_any_answer_is_read_or_refused(text: str) -> None:
    for content in (text, FACTS + text, f"{FACTS}{MARK} tiny/introspective/q8_0.json\n{text}"):
        try:
            remote_store.read(content, MARK, (weights.REF,))
        except ValueError:
            continue
    remote_store.read_kept("".join(line for line in text.splitlines(True) if not line.startswith(("wrong", "gone"))))


def test_only_one_base_and_one_adapter_make_a_lineage(tmp_path: Path) -> None:
    store = Store(tmp_path)
    base, adapter, whole = weights.merged(store)
    parents = lineage(whole, store.manifests())
    assert parents is not None
    assert (parents.base, parents.adapter) == (base, adapter)
    assert lineage(base, store.manifests()) is None
    older = weights.model(store, ModelRef("tiny/oldest:bf16"), [("model.safetensors", "weights", b"old")])
    newer = base.model_copy(update={"parents": (older.digest(),)})
    store.put(newer)
    chained = whole.model_copy(update={"parents": (older.digest(), newer.digest(), adapter.digest())})
    found = lineage(chained, store.manifests())
    assert found is not None
    assert found.base == newer
    assert lineage(whole, {base.ref: base}) is None


def test_rsync_gets_a_strict_ssh(tmp_path: Path) -> None:
    fleet = tmp_path / "it's a fleet"
    words = rsync.push(Side(HostName("thor"), remote_store.read(FACTS, MARK, ()).root, fleet), tmp_path, 500_000)
    shell = words[words.index("--rsh") + 1]
    for option in ("StrictHostKeyChecking=yes", "BatchMode=yes", "GlobalKnownHostsFile=/dev/null", "ProxyCommand=none"):
        assert f"'-o' '{option}'" in shell
    assert f"'-F' '{tmp_path}/it''s a fleet/ssh_config'" in shell
    assert "--bwlimit=488" in words
    assert words[-1] == "thor:/srv/sage/models/partial/sync/"


@pytest.mark.parametrize(
    ("code", "complaint", "kind"),
    [
        (255, "Connection closed", Unreachable),
        (12, "rsync error: error in rsync protocol data stream", Unreachable),
        (30, "[sender] io timeout after 60 seconds", Unreachable),
        (11, "rsync: [receiver] write failed: No space left on device (28)", StorageError),
        (127, "sh: 1: rsync: not found", rsync.NoRsync),
        (23, "rsync: change_dir failed", CommandFailed),
    ],
)
def test_what_rsync_complains_of_becomes_our_error(code: int, complaint: str, kind: type[SageError]) -> None:
    assert type(rsync._refusal(code, complaint, ("rsync",), HostName("thor"))) is kind


def test_what_ssh_resolves_becomes_an_address(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    told = f"user sage\nhostname 10.0.0.7\nport 22\nidentityfile {key}\nidentityfile ~/.ssh/none\nidentitiesonly yes\n"
    found = config.read(tmp_path, HostName("thor"), told)
    assert (found.hostname, found.port, found.user, found.key_name) == ("10.0.0.7", 22, "sage", "10.0.0.7")
    assert (found.identities, found.agent) == ((key,), False)
    assert str(found) == "thor (sage@10.0.0.7 port 22)"
    assert config.read(tmp_path, HostName("thor"), told.replace("port 22", "port 23")).key_name == "[10.0.0.7]:23"
    assert config.read(tmp_path, HostName("thor"), told + "hostkeyalias thor\n").key_name == "thor"
