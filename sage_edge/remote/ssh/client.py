"""Connect to a host whose key is in fleet/known_hosts, and run commands there."""

from __future__ import annotations

import contextlib
import functools
import io
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from sage_edge.names import HostName
from sage_edge.remote.errors import ShellInTheWay, TooMuchOutput
from sage_edge.remote.ssh import begin_mark, cancellation, config, handshake, second_look
from sage_edge.remote.ssh.begin_mark import MOST_NOISE_BYTES, BeginMark, MarkedStream
from sage_edge.remote.ssh.config import CONNECT_S, Address
from sage_edge.remote.ssh.keepalive import Keepalive, silence
from sage_edge.shell import Result

_PIECE = 1 << 16
MOST_OUTPUT_BYTES = 64 << 20
"""Of stdout and of stderr, each: what prints more is none of our programs."""


class Remote:
    """An open connection. Each command has a channel of its own, and threads may run theirs beside each other."""

    def __init__(self, address: Address, transport: Any, alive: Keepalive) -> None:
        self.address, self._transport, self._alive = address, transport, alive

    def run(
        self,
        script: str,
        *arguments: str,
        stdin: bytes | IO[bytes] = b"",
        timeout_s: float = 60.0,
        hear: Callable[[str], None] = lambda _: None,
    ) -> Result:
        """Run a script of `sh` with arguments `$1`… and return whatever happened; 124 when it ran past its time.

        stdin: bytes, or a stream that is read to its end as it is sent. hear: called, in another thread, with each line
        of stderr as it comes. Output is kept in memory: for answers, not for files. What the login shell prints before
        is left out, and stdin is sent only behind it (`begin_mark`).
        Raises Unreachable when the connection ends first, TooMuchOutput for more than MOST_OUTPUT_BYTES,
        ShellInTheWay when the script is never started, KeyboardInterrupt when asked to stop (`cancellation`).
        """
        mark = BeginMark()
        words = " ".join(map(shlex.quote, ("sh", "-c", mark.script(script), "sage-edge", *arguments)))
        until = time.monotonic() + timeout_s
        with (
            _talking(self.address, self._alive),
            contextlib.closing(self._transport.open_session(timeout=CONNECT_S)) as channel,
        ):
            try:
                return _converse(channel, mark, f"exec {words}", stdin, until, hear)
            except _NotBegun as silent:
                raise ShellInTheWay(self.address.host, silent.code, begin_mark.quoted(silent.noise)) from None
            except _Flood:
                raise TooMuchOutput(self.address.host, MOST_OUTPUT_BYTES) from None
            except TimeoutError:
                return Result(124, b"", f"no end within {timeout_s:g} s".encode())

    @contextlib.contextmanager
    def reached_back(self, port: int) -> Iterator[int]:
        """Let the host reach a port of our loopback for the body; yields the port on the host's own loopback.

        Raises Unreachable when its sshd does not forward.
        """
        with _talking(self.address, self._alive), self._alive.asking:
            there = int(self._transport.request_port_forward("127.0.0.1", 0, functools.partial(_pipe_back, port)))
        try:
            yield there
        finally:
            with contextlib.suppress(Exception), self._alive.asking:  # the connection may be gone, and the forward too
                self._transport.cancel_port_forward("127.0.0.1", there)


class _NotBegun(Exception):
    """The login shell ended, or went on and on, without running what it was asked to. code: None where it went on."""

    def __init__(self, code: int | None, noise: bytes) -> None:
        self.code, self.noise = code, noise


class _Flood(Exception):
    """A command prints more than we keep."""


def _pipe_back(port: int, channel: Any, origin: Any, there: Any) -> None:  # noqa: ARG001 - paramiko's signature
    """Join a connection that the host made with one to our loopback, both ways, until either ends."""
    try:
        here = socket.create_connection(("127.0.0.1", port), timeout=CONNECT_S)
    except OSError:
        channel.close()
        return
    here.settimeout(None)
    for source, sink in ((channel, here), (here, channel)):
        threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError, EOFError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    for side in (source, sink):
        with contextlib.suppress(OSError, EOFError):
            side.close()


def _converse(
    channel: Any, mark: BeginMark, line: str, stdin: bytes | IO[bytes], until: float, hear: Callable[[str], None]
) -> Result:
    """stdin and stdout pass one after the other, stderr beside them; each may be longer than an SSH window (2 MiB)."""
    channel.settimeout(max(0.0, until - time.monotonic()))
    channel.exec_command(line)
    complaint, errors, output = bytearray(), mark.stream(), mark.stream()
    listener = threading.Thread(target=_listen, args=(channel, until, hear, errors, complaint), daemon=True)
    listener.start()
    first = _begin(channel, output, until)
    if output.begun:
        with contextlib.suppress(BrokenPipeError):
            _feed(channel, io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin, until)
    out = _drain(channel, channel.recv, until, first)
    listener.join(max(0.0, until - time.monotonic()))
    while not channel.status_event.wait(_slice(until)):
        cancellation.check_cancelled()
    if channel.exit_status < 0:
        raise EOFError("the command was cut off")
    if not output.begun:
        raise _NotBegun(channel.exit_status, output.noise + b"\n" + errors.noise)
    return Result(channel.exit_status, out, bytes(complaint))


def _begin(channel: Any, output: MarkedStream, until: float) -> bytes:
    """Read stdout up to the mark or its end, and return what came behind the mark."""
    while not output.begun and (piece := _receive(channel, channel.recv, until)):
        own = output.take(piece)
        if own:
            return own
        if len(output.noise) > MOST_NOISE_BYTES:
            raise _NotBegun(None, output.noise)
    return b""


def _listen(
    channel: Any, until: float, hear: Callable[[str], None], stream: MarkedStream, complaint: bytearray
) -> None:
    """Keep stderr behind its mark, its beginning where it is too long, and hand on each of its lines."""
    rest = b""
    with contextlib.suppress(TimeoutError, OSError):
        while piece := _receive(channel, channel.recv_stderr, until):
            own = stream.take(piece)
            stream.noise = stream.noise[-MOST_NOISE_BYTES:]
            complaint += own[: MOST_OUTPUT_BYTES - len(complaint)]
            *lines, rest = (rest[-_PIECE:] + own).split(b"\n")
            for line in lines:
                hear(line.decode("utf-8", "replace"))


def _feed(channel: Any, stream: IO[bytes], until: float) -> None:
    """Send a stream to its end. Raises BrokenPipeError when the command ended before it had read all."""
    while piece := stream.read(_PIECE):
        while piece:
            cancellation.check_cancelled()
            if channel.closed:
                raise BrokenPipeError
            channel.settimeout(_slice(until))
            with contextlib.suppress(TimeoutError):
                piece = piece[channel.send(piece) :]
    channel.shutdown_write()


def _drain(channel: Any, receive: Callable[[int], bytes], until: float, first: bytes) -> bytes:
    output = bytearray(first)
    while piece := _receive(channel, receive, until):
        output += piece
        if len(output) > MOST_OUTPUT_BYTES:
            raise _Flood
    return bytes(output)


def _receive(channel: Any, receive: Callable[[int], bytes], until: float) -> bytes:
    """Return what has come; nothing at the end."""
    while True:
        channel.settimeout(_slice(until))
        try:
            return receive(_PIECE)
        except TimeoutError:
            cancellation.check_cancelled()


def _slice(until: float) -> float:
    """How long to wait now. Raises TimeoutError when there is no time left."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, cancellation.LOOK_S)


@contextlib.contextmanager
def connect(fleet: Path, host: HostName) -> Iterator[Remote]:
    """Connect for the body.

    Raises KeyUnknown, KeyChanged, KeyRevoked, AccessDenied, Unreachable, DeclarationError.
    """
    address = config.find(fleet, host)
    with handshake.opened(address) as transport:
        alive = Keepalive(_tuned(transport))
        with alive.watched():
            yield Remote(address, transport, alive)


def _tuned(transport: Any) -> Any:
    if isinstance(transport.sock, socket.socket):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 45 ms a command (facts §4.2)
    return transport


@contextlib.contextmanager
def _talking(address: Address, alive: Keepalive) -> Iterator[None]:
    """Turn a connection that ends into our error."""
    import paramiko

    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as silent:
        why = silence() if alive.is_dead else str(silent) or type(silent).__name__
        raise second_look.unreachable(address, why) from None
