"""An endpoint proves who it is by its certificate before it hears a token, or it hears none."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography")

from sage_edge.engines import Deadline, openai_certificate
from sage_edge.engines.errors import CertificatesUnusable, EndpointAway, EndpointUntrusted
from sage_edge.engines.openai_endpoint import OpenaiEndpoint
from sage_edge.engines.openai_options import OpenaiOptions
from sage_edge.engines.openai_transport import GivenUp
from tests.engines.certificates import Signer
from tests.engines.endpoints import STREAM, Asked, Endpoint, piece, running, streamed
from tests.engines.served import TOKEN, write_token

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


@contextlib.contextmanager
def asking(tls: ssl.SSLContext | None, ca_file: Path | None, folder: Path) -> Iterator[tuple[OpenaiEndpoint, Endpoint]]:
    """Give an endpoint over TLS, and a side that asks it with a token."""
    with running(streamed(piece("Hi"), piece(finish="stop")), tls=tls) as endpoint:
        token_file = str(write_token(folder / "token"))
        url = endpoint.url.replace("http:", "https:")
        side = OpenaiEndpoint(OpenaiOptions(url=url, token_file=token_file, ca_file=str(ca_file) if ca_file else None))
        with contextlib.closing(side):
            yield side, endpoint


def test_one_that_is_who_it_should_be_is_asked(signer: Signer, tmp_path: Path) -> None:
    with asking(signer.server(), signer.file, tmp_path) as (side, endpoint):
        assert [entry.id for entry in side.served(Deadline(20))] == ["mind"]
        with side.reply(b"{}", Deadline(20)) as chunks:
            assert [choice.delta.content for chunk in chunks for choice in chunk.choices] == ["Hi", ""]
        assert {asked.headers["authorization"] for asked in endpoint.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("server", "why", "step"),
    [
        ({"ends": -DAY / 2}, "certificate has expired", "renew the certificate"),
        ({"begins": DAY / 2}, "not yet valid", "set the clock"),
        ({"host": "thor.example"}, "IP address mismatch", "as its certificate does"),
        ({"host": "127.0.0.2"}, "IP address mismatch", "as its certificate does"),
    ],
)
def test_one_that_is_not_is_told_nothing(
    signer: Signer,
    tmp_path: Path,
    server: dict[str, Any],
    why: str,
    step: str,
) -> None:
    with asking(signer.server(**server), signer.file, tmp_path) as (side, endpoint):
        with pytest.raises(EndpointUntrusted, match=f"cannot be trusted: .*{why}") as refused:
            side.served(Deadline(20))
        assert step in str(refused.value.hint)
    assert endpoint.asked == []


def test_one_that_nobody_known_has_signed_is_told_nothing(signer: Signer, tmp_path: Path) -> None:
    other = Signer(tmp_path, "another signer")
    for ca_file in (other.file, None):
        with asking(signer.server(), ca_file, tmp_path) as (side, endpoint):
            with pytest.raises(EndpointUntrusted, match="unable to get local issuer certificate") as refused:
                side.served(Deadline(20))
            assert "ca_file" in str(refused.value.hint)
        assert endpoint.asked == []


def test_one_that_speaks_no_tls_is_told_nothing(signer: Signer, tmp_path: Path) -> None:
    with asking(None, signer.file, tmp_path) as (side, endpoint):
        with pytest.raises(EndpointAway, match="came in time"):  # it waits for the end of a question in HTTP
            side.served(Deadline(0.2))
        with pytest.raises(GivenUp), side.reply(b"{}", Deadline(0.2)):
            pass
        assert [asked for asked in endpoint.asked if "authorization" in asked.headers] == []


def test_a_stop_is_heard_through_tls(signer: Signer, tmp_path: Path) -> None:
    with asking(signer.server(), signer.file, tmp_path) as (side, endpoint):
        half = STREAM + piece("Hi")

        def silent(asked: Asked) -> Iterator[bytes]:
            yield half
            endpoint.ended.wait(0.4)

        endpoint.reply = silent
        with pytest.raises(GivenUp), side.reply(b"{}", Deadline(0.1)) as chunks:
            list(chunks)


@pytest.mark.parametrize(("text", "why"), [("nothing", "no certificates in PEM"), (None, "No such file")])
def test_certificates_come_from_a_file_of_them(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CertificatesUnusable, match=why):
        openai_certificate.trusted(OpenaiOptions(url="https://thor", ca_file=str(path)))
