"""What a hub's refusal means, and what a person can do about it; nothing that the hub says is repeated.

401, token sent        the token has expired, was revoked, or is none
401, none sent         no such repository, or one that is not shown to strangers
403 GatedRepo          its terms are to be agreed to, by an account that this machine then signs in as
403                    the token may not read it
404 RepoNotFound       gone, renamed, or private and not this account's
404 RevisionNotFound   the commit is gone
404 EntryNotFound      the file is gone
410, 451, disabled     the hub has withdrawn it
another host, no code  where the hub keeps its files, or what stands before it: no login and no repository is at fault
else                   no hub speaks like this: what was asked is something else
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sage_edge.errors import HubRefused
from sage_edge.hints import Hint, sage
from sage_edge.models.download.ranges import AGAIN, ELSEWHERE, LOGIN

_AGAIN = ("then: ", sage("model prepare", "REF"))
_DISABLED = "access to this resource is disabled"


@dataclass(frozen=True)
class RefusedRequest:
    """A request that a hub refused. what: `owner/name@…`, for people; token: where the one that was sent comes from.

    place: the hub's address, without a login. token None: none was sent. headers: names in lower case.
    elsewhere: the host that answered, where the hub had sent the request on to another one.
    """

    place: str
    repo: str
    what: str
    token: str | None
    status: int
    headers: Mapping[str, str]
    elsewhere: str = ""

    @property
    def page(self) -> str:
        """The repository's page."""
        return f"{self.place}/{self.repo}"

    def error(self) -> HubRefused:
        """Return the refusal with its reason and the next step."""
        code = self.headers.get("x-error-code", "")
        if self.elsewhere and not code:
            return HubRefused(
                f"{self.elsewhere}, to which the hub sends for {self.what}, does not give it (status {self.status})",
                hint=(f"see whether a firewall or a proxy on the way refuses {self.elsewhere}; ", *AGAIN),
            )
        if code == "GatedRepo":
            return self._gated()
        if self.status in (410, 451) or self.headers.get("x-error-message", "").lower().startswith(_DISABLED):
            return self._refused(
                f"has withdrawn {self.what}", "name another source in its card, or import a copy of it"
            )
        if code == "RevisionNotFound":
            return self._refused(
                f"has no {self.what}: that commit is gone, or never was",
                f"see {self.page}/commits/main, and name a commit that stands there",
            )
        if code == "EntryNotFound":
            return self._refused(
                f"has no {self.what}: that file is gone", f"see {self.page}/tree/main, and name a commit that has it"
            )
        if self.status == 401 and self.token is not None:
            return self._bad_token()
        if code == "RepoNotFound" or self.status in (401, 404):
            return self._not_shown()
        return self._forbidden()

    def _refused(self, why: str, hint: Hint) -> HubRefused:
        return HubRefused(f"the hub {why}", hint=hint)

    def _gated(self) -> HubRefused:
        who = f"the account of the token in {self.token} has not" if self.token else "this machine sends no token"
        agree = f"agree to the terms on {self.page}"
        login = "" if self.token else ", signed in as an account whose token this machine then gets: hf auth login"
        return self._refused(
            f"gives {self.what} only to who has agreed to its terms; {who}", (f"{agree}{login}; ", *_AGAIN)
        )

    def _bad_token(self) -> HubRefused:
        return self._refused(
            f"refuses the token in {self.token}: it has expired, was revoked, or is none of this hub's",
            (f"make a new one on {self.place}/settings/tokens and put it there, or take it away; ", *_AGAIN),
        )

    def _not_shown(self) -> HubRefused:
        if self.token is None:
            return self._refused(
                f"has no {self.what}, or does not show it to this machine, which sends no token", LOGIN
            )
        return self._refused(
            f"has no {self.what}, or does not show it to the account of the token in {self.token}",
            f"see whether {self.page} is its name still, and whether that account may read it",
        )

    def _forbidden(self) -> HubRefused:
        if self.status != 403 or self.token is None:
            hint = LOGIN if self.status == 403 else ELSEWHERE
            return self._refused(f"does not give {self.what} (status {self.status})", hint)
        return self._refused(
            f"does not let the token in {self.token} read {self.what} (status 403)",
            (f"give that token the right to read this repository on {self.place}/settings/tokens; ", *_AGAIN),
        )
