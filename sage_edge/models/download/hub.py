"""The one door to the hub: which commit a name means, which files it has, and a range of their bytes.

`huggingface_hub` does what it does well: endpoint, login, headers, session (proxies, certificates, redirects of a
repository that has moved). Ours is the rest, and why:

    listing     `list_repo_tree` waits for ever for a hub that says nothing, and 23 s for one that is gone; here each
                request has a time limit, each answer a most of bytes, and only 429 and 5xx are asked for again
    refusals    `hub_refusal`: the library's words name neither the page of the terms nor where a bad token comes from
    transfer    see `fetch`

The token comes from the environment (HF_TOKEN) or from the hub's own login, and goes nowhere but into the header of a
request to the endpoint: an error of ours never holds the library's words or the hub's, nor is it chained to them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit

from sage_edge import sanitize
from sage_edge.clock import Clock, SystemClock
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.hints import sage
from sage_edge.models.download import hub_environment, hub_proxy, retry
from sage_edge.models.download.hub_refusal import RefusedRequest
from sage_edge.models.download.ranges import AGAIN, LOGIN, PASSING, RangeResponse, RemoteFile, silent
from sage_edge.models.download.retry import RetryPolicy, TransferBroken, WaitListener
from sage_edge.models.errors import ModelError, ModelWorkInterrupted, RateLimited
from sage_edge.models.manifest import inside
from sage_edge.names import Digest

_T = TypeVar("_T")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_PAGES = 1_000
_CONNECT_S = 8.0
_MOST_ANSWER = 32 << 20
"""Bytes of one page of a listing, or of what is said of a commit."""

_WINDOW = 3 << 19
"""Bytes in a socket, 1.5 MiB: with the 2 MiB of `partial.BATCH` less than 4, and 75 MB/s at 20 ms to the hub."""
_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 100
_REFUSALS = (401, 403, 404, hub_proxy.WANTS_LOGIN, 410, 451)
_OFFLINE = (
    "connect this machine and try again; or take the model from a folder: ",
    sage("model import", "DIR", ref="REF"),
)


def _all(_: str) -> bool:
    return True


class Hub:
    """A hub at an address. Nothing is asked, and nothing is imported, before the first method is called."""

    def __init__(self, endpoint: str | None = None, *, timeout_s: float = 20.0, clock: Clock | None = None) -> None:
        """endpoint: None is the library's own. timeout_s: after which a connection that says nothing is given up."""
        self._given, self.timeout_s, self._clock = endpoint, timeout_s, clock or SystemClock()
        self._stop, self._on_wait = threading.Event(), cast(WaitListener, silent)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Hub:
        """Return the hub that HF_ENDPOINT names, or the library's own."""
        return cls(env.get("HF_ENDPOINT") or None)

    def heeding(self, stop: threading.Event, on_wait: WaitListener) -> Hub:
        """Return the same hub for a work that may be stopped, and that tells of waits that the hub asks for."""
        hub = Hub(self._given, timeout_s=self.timeout_s, clock=self._clock)
        hub._stop, hub._on_wait = stop, on_wait
        return hub

    @property
    def endpoint(self) -> str:
        """Its address, without a final slash. Raises UsageError for none, ModelError where the library is absent."""
        own = _library().constants
        address = str(self._given or own.ENDPOINT or own.HUGGINGFACE_CO_URL_HOME)  # empty is as good as not set
        hub_environment.require_endpoint(address)
        return address.rstrip("/")

    @property
    def place(self) -> str:
        """The address for people: no login, no path."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def limits(self) -> Any:
        """The time limits of one request, for the library."""
        return _transport().Timeout(self.timeout_s, connect=min(self.timeout_s, _CONNECT_S))

    def revision(self, repo: str, name: str = "main") -> str:
        """Return the 40 hex digits of the commit that a branch, a tag or a commit of `owner/name` is.

        Raises Unreachable, at once when there is no network; HubRefused; ModelError for an answer that makes no sense.
        """
        url = f"{self.endpoint}/api/models/{_checked(_REPO, repo)}/revision/{quote(name, safe='')}"

        def ask() -> str:
            commit = self._get(url, repo, f"{repo}@{name}", {})[0]["sha"]
            if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
                raise ValueError("no commit")
            return commit

        return self._asked(f"{repo}@{name}", ask)

    def files(self, repo: str, revision: str, wants: Callable[[str], bool] = _all) -> tuple[RemoteFile, ...]:
        """Return the wanted files of a commit, by path, with what their bytes are known by. Raises as `revision` does.

        wants: whether a path is wanted, all by default. What nobody wants is not looked at, so it cannot be wrong.
        """
        url = f"{self.endpoint}/api/models/{_checked(_REPO, repo)}/tree/{_checked(_COMMIT, revision)}"
        files, what = dict[str, RemoteFile](), f"{repo}@{revision[:7]}"
        for _ in range(_MOST_PAGES):
            asked = url

            def ask(url: str = asked) -> tuple[list[RemoteFile], str | None]:
                query = {} if "?" in url else {"recursive": "true", "expand": "false"}
                entries, following = self._get(url, repo, what, query)
                return _listed(entries, wants), following

            page, following = self._asked(what, ask)
            files.update((file.path, file) for file in page)
            if following is None:
                return tuple(files[path] for path in sorted(files))
            if not following.startswith(f"{self.endpoint}/"):  # it would be asked with the token
                raise _nonsense(self.place, f"a listing of {repo} that goes on elsewhere")
            url = following
        raise _nonsense(self.place, f"a listing of {repo} without an end")

    def at(self, repo: str, revision: str) -> HubCommit:
        """Return a repository at one commit, to fetch from. Nothing is asked yet."""
        return HubCommit(self, _checked(_REPO, repo), _checked(_COMMIT, revision))

    def _get(self, url: str, repo: str, what: str, params: Mapping[str, str]) -> tuple[Any, str | None]:
        """Return what the JSON of an answer holds, and the address of the next page."""
        headers = _headers()
        ask = _library().get_session().stream("GET", url, params=params or None, headers=headers, timeout=self.limits)
        with ask as answer:
            self.check(answer, headers, repo, what)
            content = bytearray()
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > _MOST_ANSWER:
                    raise ValueError("an answer without an end")
            return json.loads(content), answer.links.get("next", {}).get("url")

    def check(self, answer: Any, asked: Mapping[str, str], repo: str, what: str) -> None:
        """Return if a hub gives what was asked for. asked: the request's headers. Raises TransferBroken, HubRefused."""
        status: int = answer.status_code
        if status in PASSING or status >= 500:
            raise retry.passing(status, answer.headers, self._clock)
        if status == hub_proxy.WANTS_LOGIN:
            raise self.proxy_wants_login()
        if status >= 400:
            token = _token_place() if "authorization" in asked else None
            elsewhere = self._elsewhere(answer)
            raise RefusedRequest(self.place, repo, what, token, status, answer.headers, elsewhere).error()

    def _elsewhere(self, answer: Any) -> str:
        """The host that answered, where it is not the hub's; empty for the hub's own."""
        by, own = urlsplit(str(answer.url)), urlsplit(self.endpoint)
        same = (by.hostname, by.port or _PORTS.get(by.scheme)) == (own.hostname, own.port or _PORTS.get(own.scheme))
        return "" if same else sanitize.one_line(by.netloc.rpartition("@")[2][:_LONGEST_HOST])

    def _asked(self, what: str, ask: Callable[[], _T]) -> _T:
        """Ask, and ask again while the hub says that it cannot just now."""
        patience = RetryPolicy(attempts=4)
        for failures in itertools.count(1):
            try:
                with self._refusals(what):
                    return ask()
            except TransferBroken as trouble:
                if patience.is_spent(failures, trouble.wait_s):
                    raise self._given_up(trouble) from None
                pause_s = patience.pause_s(failures, trouble.wait_s)
                retry.wait(trouble, pause_s, self._clock, self._stop, self._on_wait)
                if self._stop.is_set():
                    raise ModelWorkInterrupted(
                        f"waiting for the hub was interrupted before {what}", hint=AGAIN
                    ) from None
        raise AssertionError("counting does not end")

    def _given_up(self, trouble: TransferBroken) -> Unreachable:
        if trouble.is_limit:
            return RateLimited(f"the hub at {self.place}", trouble.wait_s)
        return self.unreachable(str(trouble))

    def unreachable(self, why: str) -> Unreachable:
        """Return the refusal of a machine that cannot get to this hub."""
        way = hub_proxy.through(self.endpoint, os.environ)
        return Unreachable(f"cannot reach the hub at {self.place}{way}: {why}", hint=_OFFLINE)

    def proxy_wants_login(self) -> HubRefused:
        """Return the refusal of a proxy on the way to this hub."""
        return hub_proxy.login_wanted(self.endpoint, os.environ)

    @contextlib.contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        """Turn what the library says into what we say. Raises TransferBroken for what passes."""
        library, transport = _library(), _transport()
        try:
            yield
        except library.errors.OfflineModeIsEnabled:
            raise self.unreachable("HF_HUB_OFFLINE is set") from None
        except transport.HTTPError as lost:
            raise (self.proxy_wants_login() if _wants_login(lost) else self.unreachable(_why(lost))) from None
        except UnicodeEncodeError:
            raise HubRefused("the login of this machine is no token of the hub", hint=LOGIN) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _nonsense(self.place, f"no listing of {what}") from None


class HubCommit:
    """A RangeSource: one repository at one commit."""

    def __init__(self, hub: Hub, repo: str, revision: str) -> None:
        self._hub, self.repo, self.revision = hub, repo, revision

    @property
    def name(self) -> str:
        """`owner/name@1234567`."""
        return f"{self.repo}@{self.revision[:7]}"

    @contextlib.contextmanager
    def open(self, file: RemoteFile, start: int, stop: int) -> Iterator[RangeResponse]:
        """Ask for the bytes from `start` up to `stop` of a file. Raises TransferBroken, Unreachable, HubRefused."""
        library, transport = _library(), _transport()
        url = library.hf_hub_url(self.repo, file.path, revision=self.revision, endpoint=self._hub.endpoint)
        headers = {**_headers(), "accept-encoding": "identity"}
        if (start, stop) != (0, file.size_bytes):
            headers["range"] = f"bytes={start}-{stop - 1}"
        try:
            with library.get_session().stream("GET", url, headers=headers, timeout=self._hub.limits) as answer:
                if answer.status_code in _REFUSALS:
                    self._hub.check(answer, headers, self.repo, f"{file.path} of {self.name}")
                _clamp(answer)
                yield RangeResponse(answer.status_code, answer.headers, answer.iter_raw())
        except library.errors.OfflineModeIsEnabled:
            raise self._hub.unreachable("HF_HUB_OFFLINE is set") from None
        except transport.HTTPError as lost:
            raise (self._hub.proxy_wants_login() if _wants_login(lost) else TransferBroken(_why(lost))) from None


def _clamp(answer: Any) -> None:
    """Let no more than the window be on its way: what is in the kernel's buffers is lost by a kill as well."""
    stream = answer.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if connection is not None and hasattr(socket, "TCP_WINDOW_CLAMP"):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, _WINDOW)


def _headers() -> dict[str, str]:
    """What every request says: who asks, and the login of this machine."""
    return dict(_library().utils.build_hf_headers(library_name="sage-edge"))


def _token_place() -> str:
    """Where this machine's token comes from, for people; never what it is."""
    names = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    named = next((name for name in names if os.environ.get(name, "").strip()), None)
    return f"the variable {named}" if named else f"the file {_library().constants.HF_TOKEN_PATH}"


def _listed(page: Any, wants: Callable[[str], bool]) -> list[RemoteFile]:
    """Return the wanted files of one page of a listing. Raises ValueError, KeyError, TypeError for what is none."""
    if not isinstance(page, list):
        raise TypeError("a page is a list")
    return [_file(entry) for entry in page if entry["type"] == "file" and wants(str(entry["path"]))]


def _file(entry: Mapping[str, Any]) -> RemoteFile:
    lfs = entry.get("lfs")
    size = lfs["size"] if lfs else entry["size"]
    if not isinstance(size, int) or size < 0:
        raise ValueError("no size")
    sha256 = Digest(f"sha256:{lfs['oid']}") if lfs else None
    return RemoteFile(inside(entry["path"]), size, sha256, _checked(_COMMIT, entry["oid"]))


def _checked(grammar: re.Pattern[str], text: str) -> str:
    if not grammar.fullmatch(text):
        raise ValueError(f"expected {grammar.pattern}, got {text!r:.200}")
    return text


def _nonsense(place: str, what: str) -> ModelError:
    return ModelError(f"the hub at {place} answers with {what}", hint="see whether HF_ENDPOINT names a hub")


def _why(lost: Exception) -> str:
    """What happened to a connection, in words that cannot hold a header or a signed address."""
    transport = _transport()
    if isinstance(lost, transport.TimeoutException):
        return "no answer in time"
    if isinstance(lost, transport.ProxyError):
        return hub_proxy.why(str(lost))
    if isinstance(lost, transport.ConnectError):
        return str(lost)
    return f"the connection broke ({type(lost).__name__})"


def _wants_login(lost: Exception) -> bool:
    """Whether it was a proxy that made no connection, for want of a login."""
    return isinstance(lost, _transport().ProxyError) and hub_proxy.status(str(lost)) == hub_proxy.WANTS_LOGIN


def _library() -> Any:
    """The library, once the environment is one that it can be loaded in. Raises UsageError, ModelError."""
    try:
        hub_environment.require(os.environ)
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors  # of its modules, only those that somebody has imported can be seen
        import huggingface_hub.utils
    except ImportError:
        raise ModelError("huggingface_hub is not installed", hint="pip install 'sage-edge[researcher]'") from None
    return huggingface_hub


def _transport() -> Any:
    """The HTTP library that huggingface_hub 2 speaks through; it comes with it."""
    import httpx2

    return httpx2
