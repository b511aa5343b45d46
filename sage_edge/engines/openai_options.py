"""What a host declares of an OpenAI-compatible endpoint, and the token that it may want."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import field_validator

from sage_edge import files
from sage_edge.declared import Declared
from sage_edge.engines.errors import TokenUnusable

LONGEST_TOKEN = 4_096
_TOKEN = re.compile(r"[\x21-\x7e]+")


class OpenaiOptions(Declared):
    """Where the endpoint is and how it is spoken to.

    url: without `/v1`; https, or http on this machine alone. model: its name there; None: the model's reference.
    dialect: what runs there, for what OpenAI's interface leaves open. token_file: a file of one bearer token that only
    its owner may read. ca_file: certificates of whoever signs the endpoint's; None: those that this system trusts.
    digest: whether the endpoint has to say which bytes it serves; what it says must be right in any case.
    """

    url: str
    model: str | None = None
    dialect: Literal["llamacpp", "vllm"] = "vllm"
    token_file: str | None = None
    ca_file: str | None = None
    digest: Literal["required", "unstated"] = "required"

    @field_validator("url")
    @classmethod
    def _is_private(cls, url: str) -> str:
        parts = urlsplit(url)
        if not url.isprintable() or not url.isascii() or " " in url or parts.scheme not in ("http", "https"):
            raise ValueError("expected https://HOST[:PORT], or http:// on this machine")
        if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc or not _has_port(url):
            raise ValueError("expected a host and perhaps a port and a path: no login, no ? and no #")
        if parts.path.rstrip("/").endswith("/v1"):
            raise ValueError("write it without /v1, which is added")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("http is for this machine alone: a token and what is said would be open to all; use https")
        return url.rstrip("/")


def _has_port(url: str) -> bool:
    """Whether the port of an address is none or a number that may be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def token(path: Path) -> str:
    """Return the bearer token of a file. Raises TokenUnusable, which never shows what stands there."""
    try:
        handle = files.open_plain(path)
        with os.fdopen(handle, "rb") as stream:
            if os.fstat(handle).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise TokenUnusable(str(path), "others than its owner may read it")
            text = stream.read(LONGEST_TOKEN + 1).decode("ascii").strip()
    except files.NoPlainFile as odd:
        raise TokenUnusable(str(path), odd.what) from None
    except OSError as refusal:
        raise TokenUnusable(str(path), refusal.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        text = ""
    if len(text) > LONGEST_TOKEN or not _TOKEN.fullmatch(text):
        raise TokenUnusable(str(path), "it holds something else than one word of ASCII")
    return text
