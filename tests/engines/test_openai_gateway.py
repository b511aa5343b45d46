"""A model behind our own gateway: the engine that asks, the door that it asks at, and llama.cpp's server behind it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Engine, Message, Sampling, Settings, open_engine
from sage_edge.engines.errors import EndpointRefused
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from tests.engines.served import write_token

for library in ("llama_cpp", "fastapi", "sse_starlette", "starlette", "prometheus_client", "uvicorn"):
    pytest.importorskip(library)
pytestmark = [pytest.mark.slow]

from sage_edge.inventory.serve_settings import ServeSettings  # noqa: E402  what is served needs what is asked for above
from sage_edge.serve import run  # noqa: E402

SEEDLING = resolve(ModelRef("sage/seedling:q8_0"))
SETTINGS = Settings(512, 64, 1, 0)
WARM = Sampling(temperature=0.8, top_p=0.9, top_k=40, min_p=0.05, repeat_penalty=1.1, max_tokens=8)
TALK = (Message("system", "You are a young mind."), Message("user", "Who are you?"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Where the gateway is, and its token."""
    folder = tmp_path_factory.mktemp("gateway")
    token_file = write_token(folder / "token", "sesame-of-the-gateway-" + "x" * 32)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop, lines = threading.Event(), list[str]()
    settings = ServeSettings(kind="llamacpp-server", model=SEEDLING.ref, port=port, context_tokens=512, threads=1)
    serving = threading.Thread(
        target=run.serve,
        args=(settings, SEEDLING, folder, stop, run.ServeVoices(lines.append, lines.append)),
        daemon=True,
    )
    serving.start()
    yield f"http://127.0.0.1:{port}", token_file
    stop.set()
    serving.join(60)
    assert not serving.is_alive()


@pytest.fixture
def engine(address: tuple[str, Path]) -> Iterator[Engine]:
    url, token_file = address
    options = {"url": url, "token_file": str(token_file), "dialect": "llamacpp"}
    opened = open_engine("openai", Settings(512, 64, 1, 0, options))
    opened.load(SEEDLING)
    yield opened
    opened.close()


def test_what_is_served_is_what_is_meant_and_draws_the_same(engine: Engine) -> None:
    here = open_engine("llamacpp", SETTINGS)
    here.load(SEEDLING)
    for seed in (1, 2):
        near, far = (opened.reply(TALK, Draw(WARM, seed), Deadline(60)) for opened in (here, engine))
        assert (near.text, near.prompt_tokens, near.completion_tokens, near.finish_reason) == (
            far.text,
            far.prompt_tokens,
            far.completion_tokens,
            far.finish_reason,
        )
    here.close()


def test_a_stop_leaves_the_gateway_free_for_the_next(engine: Engine) -> None:
    class Soon(Deadline):
        asked = 0

        def passed(self) -> str | None:  # type: ignore[override]
            self.asked += 1
            return "cancelled" if self.asked > 4 else None

    assert engine.reply(TALK, Draw(WARM, 3), Soon(60)).finish_reason == "cancelled"
    assert engine.reply(TALK, Draw(WARM, 3), Deadline(60)).finish_reason in ("stop", "length")


def test_another_token_is_refused(address: tuple[str, Path], tmp_path: Path) -> None:
    other = write_token(tmp_path / "token", "y" * 50)
    options = {"url": address[0], "token_file": str(other), "dialect": "llamacpp"}
    with pytest.raises(EndpointRefused, match="does not take the token of"):
        open_engine("openai", Settings(512, 64, 1, 0, options)).load(SEEDLING)
