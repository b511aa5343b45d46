"""The real images on the boards: from nothing to a session in git, which the other board reads and measures.

Then keys are rotated, the board is wiped and comes back, its key is stolen, and lost.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from sage_edge import hints
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.inventory.signers import Signer
from sage_edge.records.base import parse
from sage_edge.records.study import Finding
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.remote.errors import RolledBack
from sage_edge.workstation import gateway_service, key_service, rollout_service, verify_service
from sage_edge.workstation.rollout_service import RolloutAsked
from tests.deploy.ground import SPROUT, THOR, Ground, reloaded
from tests.deploy.hub_papers import GIT, OWN_KEY, awaited, papers, pushed, replayed
from tests.images.building import built

pytestmark = pytest.mark.docker

PAPERS = "/srv/sage/state/papers"
AGENT = "docker exec sage-agent-1"
FORGED = "trusts/forged.json"
PATIENT = RolloutTimeouts(session_s=120, health_s=180, revert_s=600)


@pytest.fixture(scope="module")
def both(ground: Ground) -> Ground:
    """Both boards run the image that was built for them."""
    for host in (SPROUT, THOR):
        ground.pretend(built(host))
    asked = RolloutAsked("sprout,thor", "", everyone=False, as_json=False)
    assert rollout_service.deploy(ground.desk, asked) == 0
    return ground


def test_a_session_from_inside_the_container_is_in_git(both: Ground) -> None:
    paper = parse(Transcript, awaited(both, SPROUT, "sessions/primary"))
    assert paper.head.session == "P001"
    assert chain_faults(paper) == ()
    assert paper.closing.ending == "complete"
    assert paper.head.release == both.facts().deployed.current
    assert paper.head.image == built("sprout").id
    assert paper.head.model.ref == "sage/seedling:q8_0"
    assert paper.head.model.digest.startswith("sha256:")
    assert both.running() == f"{built('sprout').id} running"


def test_the_other_board_reads_it_in_its_own_container(both: Ground) -> None:
    assert parse(Finding, awaited(both, THOR, "findings")).subject == SPROUT
    assert both.running(THOR) == f"{built('thor').id} running"
    assert papers(both, THOR, "sessions") == [], "it never conducts one"


def test_what_thor_serves_is_asked_by_verify(both: Ground) -> None:
    for report in (verify_service.quick(both.desk, THOR), verify_service.full(both.desk, THOR)):
        by_name = {result.check: result.answer for result in report.results if result.holds}
        assert by_name.keys() >= {"server", "health of the server", "server as it was started", "served model"}, report
        assert by_name["served model"] == "answers"
    bound = both.boards.inside(THOR, "docker port sage-serve-1").text
    assert bound == "8080/tcp -> 127.0.0.1:8080", "on the board's loopback alone"


def test_a_session_of_sprout_is_the_same_on_thor(both: Ground) -> None:
    awaited(both, SPROUT, "sessions/primary")
    turns = replayed(both, THOR, "P001", SPROUT)
    assert {turn["sameness"] for turn in turns} == {"same"}
    assert all(turn["reply"] == turn["kept"] for turn in turns)


def test_a_release_whose_server_gives_no_token_is_taken_back(both: Ground) -> None:
    """Its agent is well; what it serves cannot be asked. A new token and certificate mend it, in one command."""
    before = both.facts(THOR).deployed.current
    both.boards.inside(THOR, "echo garbage >/srv/sage/keys/serve/key.pem")
    path = both.desk.root / "compose" / "thor.yaml"
    was = path.read_text("utf-8")
    path.write_text(was.replace("pids_limit: 512", "pids_limit: 511"), "utf-8")
    try:
        with pytest.raises(RolledBack, match=r"what serves its model is not healthy(.|\n)*cannot be used") as told:
            both.deploy(THOR, PATIENT)
    finally:
        path.write_text(was, "utf-8")
    assert "where its token or its certificate is to blame: invoke key.serving --host thor" in hints.text(
        told.value.hint
    )
    assert both.facts(THOR).deployed.current == before
    failed = {result.check: result.answer for result in verify_service.quick(both.desk, THOR).failed}
    assert failed["served model"].startswith("the served model does not answer: ")
    first = gateway_service.certificate(both.desk, THOR).read_text("ascii")
    gateway_service.renewed(both.desk, THOR, lambda line: None)
    assert gateway_service.certificate(both.desk, THOR).read_text("ascii") != first
    _until(lambda: not verify_service.quick(both.desk, THOR).failed, "it serves again")


_OPENS = "/srv/sage/keys/serve/token"


@pytest.mark.parametrize(
    ("how", "mended_by", "checks", "said"),
    [
        ("docker stop sage-serve-1", "docker start sage-serve-1", {"server", "served model"}, "run"),
        (f"cp -a {_OPENS} /run/kept && printf %064d 0 >{_OPENS}", f"cp -a /run/kept {_OPENS}", {"served model"}, "401"),
    ],
    ids=["it is stopped", "it opens by another token"],
)
def test_what_is_wrong_with_a_gateway_is_said_either_way(
    both: Ground, how: str, mended_by: str, checks: set[str], said: str
) -> None:
    assert both.boards.inside(THOR, how).code == 0
    try:
        reports = verify_service.quick(both.desk, THOR), verify_service.full(both.desk, THOR)
    finally:
        both.boards.inside(THOR, mended_by)
    quick, full = ({result.check: result.answer for result in report.failed} for report in reports)
    assert quick.keys() == full.keys() >= checks
    assert said in quick["served model"]
    assert said in full["served model"]
    _until(lambda: not verify_service.quick(both.desk, THOR).failed, "it is mended")


def test_everything_on_the_hub_is_signed_by_its_host(both: Ground) -> None:
    for host in (SPROUT, THOR):
        assert unsigned(both, host) == []


def unsigned(both: Ground, host: str) -> list[str]:
    """Commits of a host's branch on the hub that its key has not signed, as git itself sees it."""
    allowed = (both.desk.fleet.addresses / "allowed_signers").read_text("ascii")
    both.boards.inside("hub", "cat >/tmp/allowed", allowed.encode())
    script = f"{GIT} -c gpg.ssh.allowedSignersFile=/tmp/allowed log --format='%H %G? %GS' host/{host}"
    listed = both.boards.inside("hub", script)
    assert listed.code == 0, listed.complaint
    return [line for line in listed.text.splitlines() if line.split(" ")[1:] != ["G", host]]


def test_the_next_release_conducts_the_next_session(both: Ground) -> None:
    """What was published before stays as it was."""
    before = {name: _blob(both, name) for name in papers(both, SPROUT, "sessions")}
    path = both.desk.root / "compose" / "sprout.yaml"
    was = path.read_text("utf-8")
    path.write_text(was.replace("pids_limit: 256", "pids_limit: 255"), "utf-8")  # another release, of the same image
    try:
        done = both.deploy(options=PATIENT)
    finally:
        path.write_text(was, "utf-8")
    assert done.changed
    assert parse(Transcript, awaited(both, SPROUT, "sessions", done.release)).head.release == done.release
    assert {name: _blob(both, name) for name in before} == before


def _blob(ground: Ground, name: str) -> str:
    return ground.boards.inside("hub", f"{GIT} rev-parse host/sprout:{name}").text


def test_a_key_is_rotated_and_the_new_one_is_believed(both: Ground) -> None:
    tip = _tip(both)
    key_service.rotated(reloaded(both.desk), SPROUT, lambda line: None)
    rotated = replace(both, desk=reloaded(both.desk))
    assert [signer.host for signer in rotated.desk.fleet.signers].count(SPROUT) == 2
    asked = RolloutAsked("sprout,thor", "", everyone=False, as_json=False)
    assert rollout_service.deploy(rotated.desk, asked) == 0
    _published_behind(both, tip)
    assert unsigned(rotated, SPROUT) == []
    assert by_key(rotated) == {signer.fingerprint for signer in rotated.desk.fleet.signers if signer.host == SPROUT}


def by_key(both: Ground) -> set[str]:
    """The keys by which sprout has signed, as git sees it on the hub."""
    script = f"{GIT} -c gpg.ssh.allowedSignersFile=/tmp/allowed log --format='%GF' host/sprout"
    return set(both.boards.inside("hub", script).text.split())


def _tip(both: Ground) -> str:
    return both.boards.inside("hub", f"{GIT} rev-parse host/sprout").text


def _published_behind(both: Ground, tip: str) -> None:
    """Wait until sprout publishes something behind a commit."""
    _until(lambda: _tip(both) != tip, "it publishes by its new key")


def _until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(1)


@pytest.mark.full
def test_a_wiped_board_goes_on_where_it_was(both: Ground) -> None:
    """Backup, a board of nothing, and what the messages say then; it ends with a key of its own."""
    (kept,) = json.loads(typed(both, "backup --json"))["content"]
    before = {name: _blob(both, name) for name in papers(both, SPROUT, "sessions")}
    both.boards.renew(SPROUT)
    assert both.boards.inside(SPROUT, f"ls {PAPERS}").code != 0
    typed(both, "provision")
    hint = typed(both, f"restore --file {kept['folder']}")
    assert re.findall(r"invoke ([a-z.]+)", hint) == ["key.rotate", "deploy"]
    keys = len(_signers(both))
    for words in re.findall(r"invoke ([a-z.]+)", hint):
        typed(both, words)
    assert len(_signers(both)) == keys + 1
    release = both.facts().deployed.current
    assert release
    later = parse(Transcript, awaited(both, SPROUT, "sessions", release)).head.session
    assert later not in {PurePosixPath(name).stem for name in before}
    numbers = sorted(PurePosixPath(name).stem for name in papers(both, SPROUT, "sessions"))
    for kind in "PT":
        own = [name for name in numbers if name.startswith(kind)]
        assert own == [f"{kind}{number:03d}" for number in range(1, len(own) + 1)], "none is used twice or left out"
    for name, blob in before.items():
        assert _blob(both, name) == blob
        paper = both.boards.inside(SPROUT, f"cat {PAPERS}/{name}").text
        assert paper == both.boards.inside("hub", f"{GIT} cat-file blob {blob}").text
        assert chain_faults(parse(Transcript, paper)) == ()
    assert unsigned(both, SPROUT) == []
    assert "FAIL" not in typed(both, "verify --quick")


def test_what_a_stolen_key_signed_is_not_read_any_more(both: Ground) -> None:
    """A thief writes as sprout from another machine, and is believed until the key is revoked."""
    key = both.boards.inside(SPROUT, f"cat {OWN_KEY}").out
    both.boards.inside(THOR, "umask 077; cat >/root/stolen", key)
    forge = f"mkdir -p trusts && echo '{{}}' >{FORGED} && git add {FORGED}"
    theft = pushed(both, THOR, "/root/stolen", forge)
    assert theft.code == 0, theft.complaint
    stolen = _tip(both)
    own = both.boards.inside("hub", f"{GIT} rev-parse {stolen}^").text
    _until(lambda: _believed(both) == stolen, "the other board believes it")

    typed(both, f"key.revoke --until {own}")
    assert _signers(both)[-1].after == own, "what a thief signed begins nothing"
    assert [signer.until for signer in _signers(both)][-2:] == [own, None]
    refused = pushed(both, THOR, "/root/stolen").complaint
    assert "Permission denied" in refused, "the hub knows it no more"
    _deployed_everywhere(both)
    _until(lambda: _believed(both) == own, "the other board goes back behind it")

    again = f"{AGENT} sage-edge exchange repair --because 'its key was stolen'"
    repaired = both.boards.inside(SPROUT, again)
    assert "1 commit passed over" in repaired.text + repaired.complaint
    _until(lambda: _believed(both) not in (own, stolen), "the other board reads on")
    assert both.boards.inside("hub", f"{GIT} cat-file -e {_believed(both)}:{FORGED}").code != 0
    assert both.boards.inside("hub", f"{GIT} merge-base --is-ancestor {stolen} {_believed(both)}").code == 0
    assert _signers(both)[-1].fingerprint in by_key(both)


def _believed(both: Ground) -> str:
    """The commit up to which thor reads sprout's branch."""
    return both.boards.inside(THOR, f"{AGENT} git -C /srv/sage/state/exchange.git rev-parse refs/verified/sprout").text


def test_a_lost_key_is_replaced(both: Ground) -> None:
    both.boards.inside(SPROUT, "rm /srv/sage/keys/exchange*")
    tip = _tip(both)
    typed(both, "key.lost")
    ends = [signer.until for signer in _signers(both)]
    assert ends[-1] is None
    assert None not in ends[:-1]
    _deployed_everywhere(both)
    _published_behind(both, tip)
    assert unsigned(both, SPROUT) == []
    assert _signers(both)[-1].fingerprint in by_key(both)


def typed(both: Ground, words: str) -> str:
    """Type a task that works; what it printed."""
    done = both.typed(words)
    assert done.code == 0, done
    return done.out + done.err if "--json" not in words else done.out


def _signers(both: Ground) -> list[Signer]:
    return [signer for signer in reloaded(both.desk).fleet.signers if signer.host == SPROUT]


def _deployed_everywhere(both: Ground) -> None:
    asked = RolloutAsked("sprout,thor", "", everyone=False, as_json=False)
    assert rollout_service.deploy(reloaded(both.desk), asked) == 0
