"""Each variable on the way to the hub, with what people write into it: refused by name, before anybody is asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import UsageError
from sage_edge.models.download import hub_environment
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.ranges import RemoteFile
from tests.models.hub_server import HubServer

PROXIES = [name for scheme in ("HTTP", "HTTPS", "ALL") for name in (f"{scheme}_PROXY", f"{scheme.lower()}_proxy")]
ADDRESSES = {
    "ftp://127.0.0.1": "does not begin with http://",
    "http://": "names no host",
    "http://127.0.0.1:abc": "is no address",
    "http://127.0.0.1:70000": "is no address",
    "http://[::1": "is no address",
    "http://[::g]": "is no address",
    "http://a<b": "is no address",
    "http://größe.example": "is no address",
    f"http://{'a' * 64}.example": "is no address",
    "http://127.0.0.1:9 ": "holds a blank",
    " http://127.0.0.1:9": "holds a blank",
    "http://127.0.0.1:9\n": "holds a blank",
    "http://127.0.0.1\u200b:9": "holds a blank, or a character that cannot be seen",
}
FAULTS = {
    "HF_ENDPOINT": {
        **ADDRESSES,
        "127.0.0.1:9": "does not begin with http:// or https://",
        "hub.example": "does not begin with http://",
        "localhost:9": "does not begin with http://",
        "http://hub.example/?a=b": "holds a ? or a #",
        "http://hub.example/#a": "holds a ? or a #",
    },
    **{
        name: {**ADDRESSES, "socks://127.0.0.1:9": "does not begin", "127.0.0.1:x": "is no address"} for name in PROXIES
    },
    "SSL_CERT_FILE": {
        "/nonexistent.pem": "is no file of this machine",
        "/dev/null": "is no file",
        "FOLDER": "is no file",
        "FOLDER/text.pem": "holds no certificates in PEM form",
        "FOLDER/empty.pem": "holds no certificates in PEM form",
    },
    "SSL_CERT_DIR": {"/nonexistent": "is no folder", "FOLDER/text.pem": "is no folder"},
    **{
        name: dict.fromkeys(("abc", "1.5", "10s", ""), "is no whole number of seconds")
        for name in ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT")
    },
}
CASES = [(name, written, why) for name, row in FAULTS.items() for written, why in row.items()]
FINE = {
    "HF_ENDPOINT": (
        "http://127.0.0.1:9/",
        "https://me:pw@hub.example/path",
        "http://[::1]:80",
        "http://xn--gre-6ka8i.example",
        "",
    ),
    "HTTPS_PROXY": ("http://me:p%40w@proxy:3128", "proxy:3128", "proxy", "https://proxy", "http://[::1]:3128/", ""),
    "SSL_CERT_FILE": ("",),
    "SSL_CERT_DIR": ("/nonexistent:FOLDER", ""),
    "HF_HUB_DOWNLOAD_TIMEOUT": ("30",),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text.pem").write_text("no certificate\n")
    (tmp_path / "empty.pem").write_bytes(b"")
    return tmp_path


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine says of its own network is not asked."""
    for name in (*FAULTS, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[HubServer]:
    huggingface_hub.close_session()
    with HubServer() as running:
        yield running
    huggingface_hub.close_session()


def refusal(env: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as refused:
        hub_environment.require(env)
    return refused.value


def saying(env: dict[str, str]) -> str:
    """What is said of it, nothing where it will do."""
    try:
        hub_environment.require(env)
    except UsageError as refused:
        return refused.message
    return ""


@pytest.mark.parametrize(("name", "written", "why"), CASES)
def test_each_fault_is_refused_by_the_name_of_its_variable(folder: Path, name: str, written: str, why: str) -> None:
    written = written.replace("FOLDER", str(folder))
    refused = refusal({name: written})
    shown = written.replace("\n", "\\n").replace("\u200b", "\\u200b")
    assert refused.message.startswith(f"the variable {name} is '{shown}', which ")
    assert why in refused.message
    assert hints.text(refused.hint) == (f"mend it, or take it away: unset {name}; then: sage-edge model prepare REF")
    assert refused.code == 2


@pytest.mark.parametrize(("name", "written"), [(name, written) for name, row in FINE.items() for written in row])
def test_what_the_library_can_use_is_left(folder: Path, name: str, written: str) -> None:
    hub_environment.require({name: written.replace("FOLDER", str(folder))})


@given(address=st.text("ahp:/[]@%.é1-_ ?#\\<~", max_size=20).map("http://{}".format))
def test_the_library_takes_each_address_that_is_left(address: str) -> None:
    if not saying({"HTTPS_PROXY": address}):
        assert httpx2.Proxy(address).url.host


@pytest.mark.parametrize(
    ("name", "written"), [(name, next(iter(row))) for name, row in FAULTS.items() if not name.islower()]
)
def test_nobody_is_asked_before_it_is_mended(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    revision = server.add("tiny/base", {"config.json": b"{}"})
    monkeypatch.setenv(name, written)
    hub = Hub.from_env({"HF_ENDPOINT": server.endpoint})
    file = RemoteFile("config.json", 2, None, "0" * 40)
    for ask in (
        lambda: hub.revision("tiny/base"),
        lambda: hub.files("tiny/base", revision),
        lambda: hub.at("tiny/base", revision).open(file, 0, 2).__enter__(),
    ):
        with pytest.raises(UsageError, match=f"the variable {name} is '"):
            ask()
    assert server.requests == []


@pytest.mark.parametrize("written", ["socks5://127.0.0.1:9", "socks5h://me:pw@127.0.0.1:9"])
@pytest.mark.parametrize("name", PROXIES)
def test_a_socks_proxy_needs_its_package(monkeypatch: pytest.MonkeyPatch, name: str, written: str) -> None:
    monkeypatch.setattr(hub_environment, "find_spec", lambda _: None)
    assert "is a SOCKS proxy, which takes the package socksio" in refusal({name: written}).message
    monkeypatch.setattr(hub_environment, "find_spec", lambda _: importlib.util.find_spec("ssl"))
    hub_environment.require({name: written})


@pytest.mark.parametrize(
    "env",
    [
        {"HTTPS_PROXY": "socks://x", "NO_PROXY": "a,*"},
        {"HTTPS_PROXY": "socks://x", "https_proxy": ""},
        {"HTTPS_PROXY": "socks://x", "https_proxy": "proxy:3128"},
        {"HTTP_PROXY": "socks://x", "REQUEST_METHOD": "GET"},
        {"FTP_PROXY": "socks://x"},
    ],
)
def test_a_proxy_that_the_library_does_not_ask_is_no_fault(env: dict[str, str]) -> None:
    hub_environment.require(env)


def test_an_endpoint_that_is_set_and_empty_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "")
    assert Hub.from_env({"HF_ENDPOINT": ""}).endpoint == huggingface_hub.constants.HUGGINGFACE_CO_URL_HOME.rstrip("/")


@given(
    name=st.sampled_from(["HF_ENDPOINT", *PROXIES]),
    before=st.sampled_from(["", "http://", "https://", "socks5://", "socks://", "://", "a b"]),
    login=st.text(min_size=1, max_size=12),
    host=st.sampled_from(["hub", "hub:abc", "[::1", "", "hub:99999", "hub /"]),
)
def test_a_login_is_never_shown(name: str, before: str, login: str, host: str) -> None:
    secret = f"s3cr3t{login}t3rc3s"
    written = f"{before}me:{secret}@{host}"
    said = saying({name: written})
    assert "s3cr3t" not in said
    assert "t3rc3s" not in said
    assert said.isprintable()
