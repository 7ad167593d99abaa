"""The line between a screen and its server: it can be cut, swallow everything, or refuse, as networks and hosts do."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 65536


class Line:
    """A relay on 127.0.0.1 to a server's port; `address` stays the same however often the line is cut."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.deaf = False
        self.ends = list[socket.socket]()
        self.listener: socket.socket | None = None
        self.port = 0
        self.mend()
        self.address = f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """New connections reach the server again; those that were swallowed stay dead."""
        self.deaf = False
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self.listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        listener, self.listener = self.listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            listener.close()
        self._drop()

    def swallow(self) -> None:
        """From now on take connections and bytes and never answer; open connections fall silent too."""
        self.deaf = True

    def close(self) -> None:
        """End everything."""
        self.cut()

    def _drop(self) -> None:
        ends, self.ends = self.ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            self.ends.append(near)
            if not self.deaf:
                threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near: socket.socket) -> None:
        """Carry bytes both ways until one end closes or the line falls silent, which is for good."""
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as ready:
            far = socket.create_connection(("127.0.0.1", self.server))
            self.ends.append(far)
            ways = {near: far, far: near}
            for end in ways:
                ready.register(end, selectors.EVENT_READ)
            while not self.deaf:
                for key, _ in ready.select(0.05):
                    end = key.fileobj
                    assert isinstance(end, socket.socket)
                    piece = end.recv(PIECE)
                    if self.deaf:
                        return
                    if not piece:
                        near.close()
                        far.close()
                        return
                    ways[end].sendall(piece)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line that is whole at first."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
