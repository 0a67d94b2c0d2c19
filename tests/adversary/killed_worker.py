"""The real application for gunicorn, with a trap: a request may name the point at which its worker is killed.

The header X-Kill-At counts what the worker sends to the database for this request: right before and right after each
statement, before the commit, and after it (before the answer leaves). Nothing of this is in the product.
"""

import os
import signal
import threading

from sqlalchemy import event

from coi.api.access import EXTENSION
from coi.app import create_app

_here = threading.local()


def app():
    made = create_app()
    engine = made.extensions[EXTENSION].store._writer
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, lambda *_: _reached())
    inner = made.wsgi_app

    def trapped(environ, start_response):
        _here.left = int(environ.get("HTTP_X_KILL_AT", 0))
        answer = inner(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST":
            _reached()
        return answer

    made.wsgi_app = trapped
    return made


def _reached():
    _here.left = getattr(_here, "left", 0) - 1
    if _here.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
