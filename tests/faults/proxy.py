"""A TCP proxy between a program and a real server, that does to the wire what networks do.

Belongs here: faults of a connection, and counters that say how often each was met. Does not belong
here: what the server does itself (stop it), or what is said through the wire.
"""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""Linger of no time: closing sends RST instead of FIN."""


@dataclass
class Proxy:
    """Passes connections on to 127.0.0.1:``target``; change its attributes at any time.

    Attributes:
        target: Port of the server.
        latency: Seconds before anything a client sends is passed on.
        refusing: Whether new connections are reset at once.
        holding: Whether nothing is passed on, in either direction; new connections are accepted.
            When it ends, what was held goes on its way, as from a network that heals.
        muting: Whether what the server answers is thrown away.
        cut_after: Bytes from clients, of all connections together, after which all are reset.
        seen: How often each fault was met: ``connected``, ``delayed``, ``refused``, ``held``,
            ``muted``, ``cut``, ``reset``, ``planned``.
    """

    target: int
    latency: float = 0.0
    refusing: bool = False
    holding: bool = False
    muting: bool = False
    cut_after: int | None = None
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._stalled: set[socket.socket] = set()
        self._ended = threading.Event()
        self._plan: tuple[str, list[bytes]] | None = None
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def reset_all(self) -> None:
        """Reset every connection."""
        for one in list(self._open):
            self.seen["reset"] += 1
            self._drop(one)

    def stall(self) -> None:
        """Let nothing through on the connections that are open now; new ones work."""
        self._stalled |= self._open

    def fail_at(self, fault: str, *said: bytes) -> None:
        """Begin a fault, once, before the last of some words is passed on.

        Args:
            fault: Name of the attribute that becomes true.
            said: Words that clients say, one after the other.
        """
        self._plan = (fault, list(said))

    def heal(self) -> None:
        """End every fault."""
        self.latency, self.cut_after, self._plan = 0.0, None, None
        self.refusing = self.holding = self.muting = False
        self._stalled.clear()

    def close(self) -> None:
        """Stop; whatever is open is reset."""
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset_all()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.seen["connected"] += 1
            if self.refusing:
                self.seen["refused"] += 1
                self._drop(client)
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            self._drop(client)
            return
        self._open |= {client, server}
        answers = threading.Thread(target=self._pump, args=(server, client, False), daemon=True)
        answers.start()
        self._pump(client, server, True)
        answers.join()
        for one in (client, server):
            self._open.discard(one)
            one.close()

    def _pump(self, source: socket.socket, to: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if is_client and not self._passes(data):
                    break
                self._wait_until_healed(source)
                if not is_client and self.muting:
                    self.seen["muted"] += 1
                    continue
                to.sendall(data)
        # A peer that left is not told to the other side while nothing is passed on.
        self._wait_until_healed(source, counted=False)
        with suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def _passes(self, data: bytes) -> bool:
        """What happens to a client's bytes on their way; False when the connection is cut."""
        while self._plan and self._plan[1][0] in data:
            fault, words = self._plan
            words.pop(0)
            if not words:
                self._plan = None
                self.seen["planned"] += 1
                setattr(self, fault, True)
        if self.latency:
            self.seen["delayed"] += 1
            self._ended.wait(self.latency)
        if self.cut_after is not None:
            self.cut_after -= len(data)
            if self.cut_after < 0:
                self.seen["cut"] += 1
                self.cut_after = None
                self.reset_all()
                return False
        return True

    def _wait_until_healed(self, source: socket.socket, *, counted: bool = True) -> None:
        if counted and (self.holding or source in self._stalled):
            self.seen["held"] += 1
        while (self.holding or source in self._stalled) and not self._ended.is_set():
            self._ended.wait(0.02)

    def _drop(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.shutdown(socket.SHUT_RD)  # wakes whoever reads it, and sends nothing
        with suppress(OSError):
            one.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy for the length of a block."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
