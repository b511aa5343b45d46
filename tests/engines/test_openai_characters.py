"""Characters that take several tokens, from a mind that says exactly what it is told to, through llama.cpp's server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Engine, Settings, open_engine
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from tests.engines import served
from tests.engines.test_replies import GREEDY, SPECIALS, TALK, TEMPLATE, told

for library in ("llama_cpp", "fastapi", "sse_starlette", "pydantic_settings"):
    pytest.importorskip(library)
speaking_gguf = pytest.importorskip("tests.engines.speaking_gguf")
pytestmark = [pytest.mark.slow]
SAYS = tuple(bytes([byte]) for byte in "Hi\U0001f642!".encode())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("smile")
    path = Path(folder / "m.gguf")
    speaking_gguf.write(path, TEMPLATE, SPECIALS, SAYS)
    with served.llama_server(path, 512, folder) as server:
        opened = open_engine("openai", Settings(512, 64, 1, 0, server.options()))
        opened.load(speaking_gguf.resolved(path, TEMPLATE, resolve(ModelRef("sage/seedling:q8_0"))))
        yield opened
        opened.close()


@pytest.mark.parametrize(
    ("most", "text", "finish", "tokens"),
    [
        (2, "Hi", "length", 2),
        (4, "Hi", "length", 2),  # llama-cpp-python's server counts a character as one token, and draws beyond the limit
        (6, "Hi\U0001f642", "length", 6),
        (9, "Hi\U0001f642!", "stop", 7),
    ],
)
def test_none_is_lost_and_none_beyond_the_limit(engine: Engine, most: int, text: str, finish: str, tokens: int) -> None:
    reply = engine.reply(TALK, Draw(GREEDY.model_copy(update={"max_tokens": most}), 1), Deadline(60))
    assert told(reply) == (text, None, finish, tokens, 0)
