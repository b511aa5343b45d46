"""The one door to the hub: which commit a name means, which files it has, and a range of their bytes.

`huggingface_hub` does what it does well: endpoint, login, headers, session (proxies, certificates), the meaning of an
error. Ours is the rest, and why:

    listing     `list_repo_tree` waits for ever for a hub that says nothing, and 23 s for one that is gone; here each
                request has a time limit, and only an answer of 429 or 5xx is asked for again
    transfer    see `fetch`

The token comes from the environment (HF_TOKEN) or from the hub's own login, and goes nowhere but into the header of a
request to the endpoint: an error of ours never holds the library's words, nor is it chained to them.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sage_edge.clock import Clock, SystemClock
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.hints import sage
from sage_edge.models.download.ranges import LOGIN, RangeResponse, RemoteFile, RetryPolicy, TransferBroken
from sage_edge.models.errors import ModelError
from sage_edge.models.manifest import inside
from sage_edge.names import Digest

_T = TypeVar("_T")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_PAGES = 1_000
_CONNECT_S = 8.0

_WINDOW = 3 << 19
"""Bytes in a socket, 1.5 MiB: with the 2 MiB of `partial.BATCH` less than 4, and 75 MB/s at 20 ms to the hub."""
_OFFLINE = (
    "connect this machine and try again; or take the model from a folder: ",
    sage("model import", "DIR", ref="REF"),
)


class Hub:
    """A hub at an address. Nothing is asked, and nothing is imported, before the first method is called."""

    def __init__(self, endpoint: str | None = None, *, timeout_s: float = 20.0, clock: Clock | None = None) -> None:
        """endpoint: None is the library's own. timeout_s: after which a connection that says nothing is given up."""
        self._given, self.timeout_s, self._clock = endpoint, timeout_s, clock or SystemClock()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Hub:
        """Return the hub that HF_ENDPOINT names, or the library's own."""
        return cls(env.get("HF_ENDPOINT") or None)

    @property
    def endpoint(self) -> str:
        """Its address, without a final slash. Raises ModelError where the library is not installed."""
        return (self._given or str(_library().constants.ENDPOINT)).rstrip("/")

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
        api = _library().HfApi(endpoint=self.endpoint, library_name="sage-edge")
        _checked(_REPO, repo)

        def ask() -> str:
            commit = api.model_info(repo, revision=name, timeout=self.limits).sha
            if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
                raise ValueError("no commit")
            return commit

        return self._asked(f"{repo}@{name}", ask)

    def files(self, repo: str, revision: str) -> tuple[RemoteFile, ...]:
        """Return every file of a commit, by path, with what its bytes are known by. Raises as `revision` does."""
        url = f"{self.endpoint}/api/models/{_checked(_REPO, repo)}/tree/{_checked(_COMMIT, revision)}"
        files: dict[str, RemoteFile] = {}
        for _ in range(_MOST_PAGES):
            asked = url

            def ask(url: str = asked) -> tuple[list[RemoteFile], str | None]:
                answer = self._get(url, {} if "?" in url else {"recursive": "true", "expand": "false"})
                return _listed(answer.json()), answer.links.get("next", {}).get("url")

            page, following = self._asked(f"{repo}@{revision[:7]}", ask)
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

    def _get(self, url: str, params: Mapping[str, str]) -> Any:
        library = _library()
        answer = library.get_session().get(url, params=params or None, headers=_headers(), timeout=self.limits)
        library.utils.hf_raise_for_status(answer)
        return answer

    def _asked(self, what: str, ask: Callable[[], _T]) -> _T:
        """Ask, and ask again while the hub says that it cannot just now."""
        patience, never = RetryPolicy(attempts=4), threading.Event()
        for failures in itertools.count(1):
            try:
                with self._refusals(what):
                    return ask()
            except TransferBroken as passing:
                if failures == patience.attempts:
                    raise self.unreachable(str(passing)) from None
                self._clock.wait(patience.pause_s(failures, passing.wait_s), never)
        raise AssertionError("counting does not end")

    def unreachable(self, why: str) -> Unreachable:
        """Return the refusal of a machine that cannot get to this hub."""
        return Unreachable(f"cannot reach the hub at {self.place}: {why}", hint=_OFFLINE)

    @contextlib.contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        """Turn what the library says into what we say. Raises TransferBroken for what passes."""
        library, transport = _library(), _transport()
        errors = library.errors
        try:
            yield
        except errors.OfflineModeIsEnabled:
            raise self.unreachable("HF_HUB_OFFLINE is set") from None
        except errors.GatedRepoError:
            raise HubRefused(f"the hub gives {what} only to who has agreed to its terms", hint=LOGIN) from None
        except errors.RevisionNotFoundError:
            raise HubRefused(f"the hub has no {what}", hint="name a commit that its page shows") from None
        except errors.RepositoryNotFoundError:
            raise HubRefused(f"the hub has no {what}, or does not show it to this machine", hint=LOGIN) from None
        except errors.HfHubHTTPError as refused:
            status = refused.response.status_code
            if status == 429 or status >= 500:
                asked = refused.response.headers.get("retry-after", "")
                why = f"it answers with status {status}"
                raise TransferBroken(why, float(asked) if asked.isdecimal() else None) from None
            raise HubRefused(f"the hub does not give {what} (status {status})", hint=LOGIN) from None
        except transport.HTTPError as lost:
            raise self.unreachable(_why(lost)) from None
        except UnicodeEncodeError:
            raise HubRefused("the login of this machine is no token of the hub", hint=LOGIN) from None
        except (ValueError, KeyError, TypeError, AttributeError):
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
        """Ask for the bytes from `start` up to `stop` of a file. Raises TransferBroken, Unreachable."""
        library, transport = _library(), _transport()
        url = library.hf_hub_url(self.repo, file.path, revision=self.revision, endpoint=self._hub.endpoint)
        headers = {**_headers(), "accept-encoding": "identity"}
        if (start, stop) != (0, file.size_bytes):
            headers["range"] = f"bytes={start}-{stop - 1}"
        try:
            with library.get_session().stream("GET", url, headers=headers, timeout=self._hub.limits) as answer:
                _clamp(answer)
                yield RangeResponse(answer.status_code, answer.headers, answer.iter_raw())
        except library.errors.OfflineModeIsEnabled:
            raise self._hub.unreachable("HF_HUB_OFFLINE is set") from None
        except transport.HTTPError as lost:
            raise TransferBroken(_why(lost)) from None


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


def _listed(page: Any) -> list[RemoteFile]:
    """Return the files of one page of a listing. Raises ValueError, KeyError, TypeError for what is none."""
    if not isinstance(page, list):
        raise TypeError("a page is a list")
    return [_file(entry) for entry in page if entry["type"] == "file"]


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
    if isinstance(lost, transport.ConnectError):
        return str(lost)
    return f"the connection broke ({type(lost).__name__})"


def _library() -> Any:
    try:
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
