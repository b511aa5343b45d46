"""What the gateway refuses, as clients of OpenAI's API read it: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sage_edge import sanitize

_LONGEST = 500
"""Characters of a message; some of them hold what others wrote."""


class ApiError(Exception):
    """One refusal of one request. code: for programs; retry_after_s: when it may be asked again; None: as it likes."""

    def __init__(self, status: int, code: str, message: str, *, retry_after_s: int | None = None) -> None:
        self.status, self.code, self.retry_after_s = status, code, retry_after_s
        self.message = sanitize.one_line(message)[:_LONGEST]
        super().__init__(self.message)

    @property
    def kind(self) -> str:
        """The type that OpenAI gives such an error."""
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        return kinds.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")

    @property
    def body(self) -> bytes:
        """The JSON document."""
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        return json.dumps({"error": error}).encode()

    @property
    def headers(self) -> Mapping[str, str]:
        """What the document does not say."""
        headers = {"content-type": "application/json"}
        if self.retry_after_s is not None:
            headers["retry-after"] = str(self.retry_after_s)
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        return headers

    @property
    def event(self) -> bytes:
        """The same as the last event of a stream that had begun: no finish reason and no [DONE] comes after it."""
        return b"data: " + self.body + b"\n\n"
