"""Where connections are taken: an address that is free, and answers that do not wait for an acknowledgement."""

from __future__ import annotations

import socket

import pytest

from sage_edge.serve import listener
from sage_edge.serve.errors import AddressTaken


def test_small_pieces_are_sent_at_once() -> None:
    """Nagle's algorithm and a client's delayed acknowledgement together cost 40 ms for each answer."""
    with listener.opened("127.0.0.1", 0) as door, socket.create_connection(door.getsockname()):
        taken, _ = door.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_that_is_taken_or_not_ours_is_refused() -> None:
    with listener.opened("127.0.0.1", 0) as door, pytest.raises(AddressTaken, match="in use"):
        listener.opened("127.0.0.1", door.getsockname()[1])
    with pytest.raises(AddressTaken):
        listener.opened("192.0.2.1", 0)
    with listener.opened("::1", 0) as door:
        assert door.family == socket.AF_INET6
