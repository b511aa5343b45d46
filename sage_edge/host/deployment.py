"""One deployment, from staging to commit, and the way back from every state.

    stage     planned → staged               nothing that serves is touched
    activate  waiting → armed → switched → started → gated
    confirm   confirmed → committed          over another connection, so that the board can be reached
    recover   any state before confirmed → reverting → reverted      after a failure, at boot, when the timer fires
              revert-failed → reverting → reverted                   at boot and by timer, once the engine answers

Every state is in the journal before its work begins, and every step can be done again; so whatever dies when, `recover`
finds out where it was and either finishes or goes back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sage_edge.host import release_store as releases
from sage_edge.host import retirement, served_line, states
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, RefusalHint, invoke
from sage_edge.host.journal import GIVEN_UP, DeployJournal, DeploymentKind, JournalEntry
from sage_edge.host.release_store import Released
from sage_edge.host.served_model import NOT_SERVED
from sage_edge.host.service import Service

MOST_ATTEMPTS = 3
"""So often is one deployment taken back before the board stops trying: a loop of reboots must end."""

RECOVERY_HEALTH_S = 300.0
"""So long the board waits for health when it goes back by itself, and nobody says how long."""


@dataclass(frozen=True)
class DeployTimeouts:
    """How long to wait, in seconds, as the workstation says: for a session, for health, and until the board reverts.

    cut: do not wait for a session; its container lets the turn finish, and the next one takes the session up again.
    """

    session_s: float
    health_s: float
    revert_s: int
    cut: bool


class Deployment:
    """Drives the journal and the containers together. Its caller sees to it that it is alone.

    check_cancelled: raises Refusal once nobody wants the deployment any more; asked while nothing is switched yet.
    require_permit: raises Refusal unless this board may run a release; asked before it is switched to.
    """

    def __init__(
        self,
        places: Places,
        journal: DeployJournal,
        service: Service,
        log: Callable[[str], None],
        check_cancelled: Callable[[], None] = lambda: None,
        require_permit: Callable[[Released, DeploymentKind], object] = lambda released, kind: None,  # noqa: ARG005
    ) -> None:
        self._places, self._journal, self._service, self._log = places, journal, service, log
        self._check_cancelled, self._require_permit = check_cancelled, require_permit

    def stage(self, released: Released, files: Mapping[str, str], kind: DeploymentKind = "deploy") -> JournalEntry:
        """Bring a release's files and image here and check them. Raises Refusal; then nothing has changed.

        files: none for a release that lies here. Called again for one that is already staged, it continues there.
        """
        entry = self._journal.latest()
        if (
            entry is None
            or entry.is_over
            or entry.release != released.short
            or entry.state not in ("planned", "staged")
        ):
            entry = self._journal.open(kind, released.short, self._serving(entry))
        try:
            if files:
                releases.write(self._places, released, files)
            else:
                releases.require_unchanged(self._places, released.short)
            self._service.read_compose(released)
            self._service.fetch(released, self._check_cancelled)
        except Refusal as refused:
            self._abandon(entry, refused.message)
            raise
        return entry if entry.state == "staged" else self._journal.enter(entry, "staged")

    def fetch(self, released: Released) -> None:
        """Bring a release's image here and check it; nothing else. Raises Refusal."""
        self._service.fetch(released, self._check_cancelled)

    def activate(self, patience: DeployTimeouts) -> tuple[JournalEntry, str]:
        """Switch to the staged release and return (entry in `gated`, what the canary said).

        Raises Refusal, exit 6 when the previous release serves again, 7 when it does not.
        """
        entry = self._staged()
        released = releases.read(self._places, entry.release)
        try:
            self._require_permit(released, entry.kind)
        except Refusal as refused:
            self._abandon(entry, refused.message)
            raise
        try:
            entry = self._journal.enter(entry, "waiting")
            with self._quiet(patience):
                self._check_cancelled()
                entry = self._journal.enter(entry, "armed")
                self._service.arm(patience.revert_s)
                entry = self._journal.enter(entry, "switched")
                releases.switch(self._places, entry.release)
                entry = self._journal.enter(entry, "started")
                self._service.down()
            self._service.up(released)
            self._service.healthy(released, patience.health_s)
            canary = self._service.canary(released)
            return self._journal.enter(entry, "gated"), canary
        except (Refusal, OSError) as failed:
            raise self._go_back(str(failed), _remedy(failed)) from None

    def confirm(self, short: str) -> JournalEntry:
        """Commit the gated release. Raises Refusal when it is not this one that waits for it."""
        entry = waiting(self._journal, short)
        if entry.state == "committed":
            return entry
        if entry.state == "gated":
            entry = self._journal.enter(entry, "confirmed")
        return self._commit(entry)

    def recover(self, because: str) -> JournalEntry | None:
        """Finish or take back what nobody drives any more, and return its end; None when there is nothing to do.

        What could not be taken back is tried again, unless the engine still does not answer.
        Raises Refusal, exit 7, when going back fails; after three attempts at which it died the board stops trying.
        """
        entry = self._journal.latest()
        if entry is None or (entry.is_over and not self._may_be_mended(entry)):
            return None
        if entry.state == "confirmed":
            return self._commit(entry, because)
        return self._revert(entry, because)

    def rollback(self, to: str | None, patience: DeployTimeouts) -> tuple[JournalEntry, str]:
        """Switch back to a committed release, the one before unless named, and prove what runs.

        The board then stays there (`served_line.Pin`). Raises Refusal: exit 2 when there is none, 6 or 7 as `activate`.
        """
        target = rolled_back_to(self._places, self._journal, to)
        self.stage(releases.read(self._places, target), {}, "rollback")
        entry, canary = self.activate(patience)
        running = self._service.running()
        if running is None or running.image != releases.read(self._places, target).image:
            raise self._go_back("what runs is not what was asked for")
        return entry, canary

    def _commit(self, entry: JournalEntry, because: str = "") -> JournalEntry:
        """The release serves; a board that was retired is in service again."""
        self._service.disarm()
        retirement.lift(self._places)
        return self._journal.enter(entry, "committed", because)

    def _quiet(self, patience: DeployTimeouts) -> contextlib.AbstractContextManager[None]:
        if patience.cut:
            return contextlib.nullcontext()
        return self._service.quiet(patience.session_s, self._log, self._check_cancelled)

    def _serving(self, latest: JournalEntry | None) -> str | None:
        """The release to go back to: what the journal says; without a journal, what `current` names."""
        return self._journal.should_serve() if latest else releases.current(self._places)

    def _may_be_mended(self, entry: JournalEntry) -> bool:
        return entry.state == "revert-failed" and not entry.is_given_up and self._service.answers()

    def _staged(self) -> JournalEntry:
        entry = self._journal.latest()
        if entry is None or entry.state != "staged":
            raise Refusal("nothing-staged", "no release is staged", "deploy it: ", invoke("deploy", host=HOST))
        return entry

    def _abandon(self, entry: JournalEntry, why: str) -> None:
        self._journal.enter(self._journal.enter(entry, "reverting", why), "reverted", "nothing was touched")

    def _go_back(self, why: str, then: RefusalHint = ()) -> Refusal:
        """Take the open deployment back and return the error that tells how that ended. then: what mends the cause."""
        entry = self._journal.latest()
        if entry is None or entry.is_over:
            return Refusal("failed", why, *_SEE)
        self._log(f"going back: {why}")
        try:
            end = self._revert(entry, why)
        except Refusal as worse:
            return worse
        serves = f"{end.previous} serves again" if end.previous else "nothing is deployed, as before"
        return Refusal(
            "reverted", f"{entry.release} was taken back: {why}. {serves}", *then, *_SEE, code=ExitStatus.ROLLED_BACK
        )

    def _revert(self, entry: JournalEntry, because: str) -> JournalEntry:
        attempts = self._journal.attempts(entry)
        if attempts >= MOST_ATTEMPTS:
            if entry.state != "reverting":
                entry = self._journal.enter(entry, "reverting", because)
            with contextlib.suppress(Refusal):  # what may be the reason for the loop does not run on
                self._service.disarm()
                self._service.down()
            self._journal.enter(entry, "revert-failed", f"{GIVEN_UP} after {attempts} attempts: {because}")
            raise _broken(entry, f"given up after {attempts} attempts, and nothing of ours runs", _DEPLOY)
        passed = {line.state for line in self._journal.entries() if line.deployment == entry.deployment}
        touched = not passed.isdisjoint(states.TOUCHED[:3])
        entry = self._journal.enter(entry, "reverting", because)
        try:
            if touched:
                self._restore(entry)
            self._service.disarm()
        except Refusal as failed:
            self._journal.enter(entry, "revert-failed", failed.message)
            raise _broken(entry, failed.message) from None
        return self._journal.enter(entry, "reverted", because)

    def _restore(self, entry: JournalEntry) -> None:
        """Make the previous release serve, and prove it by what runs; on a retired board nothing runs."""
        releases.switch(self._places, entry.previous)
        self._service.down()
        if entry.previous is not None and retirement.read(self._places) is None:
            before = releases.read(self._places, entry.previous)
            self._service.up(before)
            self._service.healthy(before, RECOVERY_HEALTH_S)


_DEPLOY = "then deploy a release that works"


def waiting(journal: DeployJournal, short: str) -> JournalEntry:
    """Return the entry of a release that waits to be confirmed, or was. Raises Refusal, exit 6, for any other."""
    entry = journal.latest()
    if entry is None or entry.release != short or entry.state not in ("gated", "confirmed", "committed"):
        state = f"{entry.release} is {entry.state}: {entry.note}" if entry else "nothing was deployed"
        raise Refusal(
            "not-waiting", f"{short} does not wait to be confirmed; {state}", *_SEE, code=ExitStatus.ROLLED_BACK
        )
    return entry


def rolled_back_to(places: Places, journal: DeployJournal, to: str | None) -> str:
    """Return the release to which a rollback goes: the one before, unless it is named. Raises Refusal, exit 2."""
    if to:
        return releases.named(places, to)
    now = journal.should_serve() or releases.current(places)
    before = served_line.of(journal.entries()).before(now, releases.all_of(places))
    if before is None:
        what = f"no release that is still here has served before {now}" if now else "nothing has been deployed here yet"
        raise Refusal(
            "no-release",
            f"{what}, so there is nothing to go back to",
            "what serves changes with what is declared: mend fleet/, then ",
            invoke("deploy", host=HOST),
            code=ExitStatus.USAGE,
        )
    return before


_SEE = ("see what happened: ", invoke("audit", host=HOST), "; ", invoke("logs", host=HOST))


def _remedy(failed: Refusal | OSError) -> RefusalHint:
    """What mends a board whose state is to blame, and not the release: it goes with the error that tells of both."""
    return (*failed.hint, "; ") if isinstance(failed, Refusal) and failed.kind == NOT_SERVED else ()


def _broken(
    entry: JournalEntry, why: str, then: str = "it tries again by itself, and a deploy leads out, too"
) -> Refusal:
    wanted = entry.previous or "nothing"
    return Refusal(
        "revert-failed",
        f"{entry.release} could not be taken back, {wanted} should serve: {why}",
        "look at the board: ",
        invoke("status", host=HOST),
        f"; {then}",
        code=ExitStatus.ROLLBACK_FAILED,
    )
