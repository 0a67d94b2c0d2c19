"""The service as a WSGI application, for any server that speaks WSGI: ``wsgi:app``."""

from coi.app import create_app

app = create_app()
