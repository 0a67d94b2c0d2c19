"""A network that loses things: a proxy that cuts a connection before the request is passed on, or before its answer is.

Half of the lost answers are cut as soon as the request is passed on, so that the client asks again while the first is
still being worked at; the other half when the answer has come, so that all is written already.
"""

import random
import socket
import threading
from collections import Counter
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

_END = b"\r\n\r\n"


class Proxy(ThreadingTCPServer):
    """Passes one request and one answer a connection on to `port`, and loses so many of each."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, *, requests, answers, seed):
        super().__init__(("127.0.0.1", 0), _Passing)
        self.port, self.requests, self.answers = port, requests, answers
        self.counted = Counter()
        self._draw, self._guard = random.Random(seed), threading.Lock()

    def fate(self):
        """Draw what becomes of the next request."""
        with self._guard:
            drawn = self._draw.random()
            if drawn < self.requests:
                fate = "request lost"
            elif drawn < self.requests + self.answers / 2:
                fate = "answer lost at once"
            elif drawn < self.requests + self.answers:
                fate = "answer lost"
            else:
                fate = "passed"
            self.counted[fate] += 1
            return fate


class _Passing(StreamRequestHandler):
    def handle(self):
        fate = self.server.fate()
        request = _message(self.rfile)
        if fate == "request lost":
            return
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as onward:
            onward.sendall(request)
            if fate == "answer lost at once":
                return
            with onward.makefile("rb") as answering:
                answer = _message(answering)
            if fate == "passed":
                self.wfile.write(answer)


def _message(stream):
    """Read one HTTP message that says how long it is."""
    head = b""
    while not head.endswith(_END):
        line = stream.readline()
        if not line:
            return head
        head += line
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + stream.read(length)


@contextmanager
def lossy(port, *, requests=0.2, answers=0.2, seed=1):
    """Run a proxy before `port` for the block."""
    with Proxy(port, requests=requests, answers=answers, seed=seed) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
