"""What the environment says of the way to the hub, held against what the library can use, before anybody is asked.

    HF_ENDPOINT                                    http or https, a host of ASCII, a port; no blank, ? or #
    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY             the same, or a bare host; socks5 and socks5h where socksio is here
    SSL_CERT_FILE, else SSL_CERT_DIR               a file of certificates in PEM form; a folder of them
    HF_HUB_DOWNLOAD_TIMEOUT, HF_HUB_ETAG_TIMEOUT   whole seconds

The library meets a wrong one with a fault of its own, or with a hub that nobody asked. Variables of proxies may be
written small, and the small one counts first. What stands in a variable is shown, a login in it never is.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import re
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from sage_edge import sanitize
from sage_edge.errors import UsageError
from sage_edge.hints import sage

ENDPOINT = "HF_ENDPOINT"
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
TIMES = ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT")
SCHEMES = ("http", "https", "all")
"""Which requests a proxy is for."""

_SOCKS = ("socks5", "socks5h")
_NAME = re.compile(r"[\w.~-]*", re.ASCII)
_LABEL = 63
_LOGIN = re.compile(r"^([\w+.-]*://)?.*@", re.DOTALL)
_LONGEST = 120


def require(env: Mapping[str, str]) -> None:
    """Return if the library can use what the environment says. Raises UsageError, which names the variable."""
    for name in TIMES:
        if name in env:
            _require_seconds(name, env[name])
    if env.get(ENDPOINT):
        require_endpoint(env[ENDPOINT])
    if not _asks_directly(env):
        for scheme in SCHEMES:
            if proxy := _proxy(env, scheme):
                _require_proxy(proxy, env[proxy])
    _require_certificates(env)


def require_endpoint(address: str) -> None:
    """Return if a hub may be at an address. Raises UsageError."""
    _require_address(ENDPOINT, address, address, ("http", "https"))
    if set("?#") & set(address):
        _refuse(ENDPOINT, address, "holds a ? or a #, which is no part of a hub's address")


def proxy_for(address: str, env: Mapping[str, str]) -> str | None:
    """Return the name of the variable whose proxy is asked for an address; None where the address itself is asked."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if _asks_directly(env) or any(f".{host}".endswith(f".{name}") for name in _direct_hosts(env)):
        return None
    return _proxy(env, parts.scheme) or _proxy(env, "all")


def _direct_hosts(env: Mapping[str, str]) -> list[str]:
    """The hosts, and ends of hosts, for which no proxy is asked."""
    name = _named(env, "no_proxy")
    hosts = env[name].split(",") if name else []
    return [end for host in hosts if (end := host.strip().lstrip("*").strip(".[]").lower())]


def _asks_directly(env: Mapping[str, str]) -> bool:
    name = _named(env, "no_proxy")
    return name is not None and "*" in (host.strip() for host in env[name].split(","))


def _proxy(env: Mapping[str, str], scheme: str) -> str | None:
    name = _named(env, f"{scheme}_proxy")
    return None if name == "HTTP_PROXY" and "REQUEST_METHOD" in env else name


def _named(env: Mapping[str, str], small: str) -> str | None:
    """Which variable counts; a small one that is empty says that there is none."""
    if small in env:
        return small if env[small] else None
    return next((name for name in env if name.lower() == small and env[name]), None)


def _require_seconds(name: str, written: str) -> None:
    try:
        int(written)
    except ValueError:
        _refuse(name, written, "is no whole number of seconds")


def _require_proxy(name: str, written: str) -> None:
    address = written if "://" in written else f"http://{written}"
    _require_address(name, written, address, ("http", "https", *_SOCKS))
    if urlsplit(address).scheme in _SOCKS and find_spec("socksio") is None:
        _refuse(name, written, "is a SOCKS proxy, which takes the package socksio: pip install socksio")


def _require_address(name: str, written: str, address: str, schemes: tuple[str, ...]) -> None:
    if not written.isprintable() or " " in written:
        _refuse(name, written, "holds a blank, or a character that cannot be seen")
    try:
        parts = urlsplit(address)
        host, _ = _host(parts.hostname or ""), parts.port
    except ValueError:
        escapes = "; in a login, @ : / ? # are written %40 %3A %2F %3F %23" if "@" in written else ""
        _refuse(name, written, f"is no address: its host or its port cannot be{escapes}")
    if parts.scheme not in schemes:
        _refuse(name, written, f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if not host:
        _refuse(name, written, "names no host")


def _host(written: str) -> str:
    """Return a host. Raises ValueError for what is neither a name, in its form of letters of ASCII, nor an address."""
    if ":" in written:
        return str(ipaddress.IPv6Address(written))
    if len(max(written.split("."), key=len)) > _LABEL or not _NAME.fullmatch(written):
        raise ValueError("no name of a host")
    return written


def _require_certificates(env: Mapping[str, str]) -> None:
    file, folder = (env.get(name, "") for name in CERTIFICATES)
    if file:
        _require_pem(file)
    elif folder and not any(Path(part).is_dir() for part in folder.split(":")):
        _refuse(CERTIFICATES[1], folder, "is no folder")


@functools.cache
def _require_pem(file: str) -> None:
    why = "is no file of this machine"
    with contextlib.suppress(ValueError):
        if Path(file).is_file():
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
                return
            except ssl.SSLError:
                why = "holds no certificates in PEM form"
            except OSError:
                why = "cannot be read"
    _refuse(CERTIFICATES[0], file, why)


def _refuse(name: str, written: str, why: str) -> NoReturn:
    message = f"the variable {name} is {_shown(written)}, which {why}"
    raise UsageError(message, hint=(f"mend it, or take it away: unset {name}; then: ", sage("model prepare", "REF")))


def _shown(written: str) -> str:
    """What stands in a variable, without a login."""
    kept = sanitize.one_line(_LOGIN.sub(r"\1…@", written))
    return f"'{kept if len(kept) <= _LONGEST else kept[:_LONGEST] + '…'}'"
