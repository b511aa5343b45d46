"""Ask a host's sshd again and again whether it is there, and close a connection on which nothing answers any more.

A machine that hangs keeps its connections: the kernel still acknowledges what is sent, and whoever waits for an answer
waits for hours. So sshd itself has to answer, as with OpenSSH's ServerAliveInterval and ServerAliveCountMax.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from sage_edge.remote.ssh.config import ALIVE_COUNT, ALIVE_S


class Keepalive:
    """The life of one connection. asking: held while sshd is asked something beside the channels; one thing at a time.

    is_dead: nothing answered in time, and the connection was closed for it.
    """

    def __init__(self, transport: Any) -> None:
        self.asking = threading.Lock()
        self.is_dead = False
        self._transport, self._over = transport, threading.Event()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Ask during the body."""
        asking = threading.Thread(target=self._ask_until_over, daemon=True)
        asking.start()
        try:
            yield
        finally:
            self._over.set()

    def _ask_until_over(self) -> None:
        while not self._over.wait(ALIVE_S) and self._transport.is_active():
            patience = threading.Timer(ALIVE_S * (ALIVE_COUNT - 1), self._give_up)
            patience.daemon = True
            with self.asking:
                patience.start()
                with contextlib.suppress(Exception):  # a connection that ends is told to whoever uses it
                    self._transport.global_request("keepalive@openssh.com")  # whatever sshd says, it says something
                patience.cancel()

    def _give_up(self) -> None:
        self.is_dead = True
        self._transport.close()


def silence() -> str:
    """How long nothing was heard before a connection was given up, in words."""
    return f"it hangs, and has said nothing for {ALIVE_S * ALIVE_COUNT:g} s"
