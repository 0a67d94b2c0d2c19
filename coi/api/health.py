"""/health and /metrics, at the root and open to anyone: numbers and yes/no only."""

from typing import Any

from flask import Flask, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from coi.actions import condition
from coi.actions.attempts import as_bytes
from coi.api.access import PUBLIC, office, open_to
from coi.api.wire import JSON
from coi.record.db import StoreUnusable


@open_to(PUBLIC)
def get_health() -> Response:
    """Say whether the service can do its work: 200 when it can, 503 when it cannot."""
    try:
        said: dict[str, Any] = condition.condition(office())
    except (StoreUnusable, OSError) as fault:
        said = {"status": "failing", "database": type(fault).__name__}
    return Response(as_bytes(said), 200 if said["status"] == "ok" else 503, mimetype=JSON)


@open_to(PUBLIC)
def get_metrics() -> Response:
    """Return gauges in the Prometheus text form, computed from the database at this moment."""
    registry = CollectorRegistry()
    for name, (text, value) in condition.gauges(office()).items():
        Gauge(f"coi_{name}", text, registry=registry).set(value)
    return Response(generate_latest(registry), 200, content_type=CONTENT_TYPE_LATEST)


def register(app: Flask) -> None:
    """Hang both onto `app`."""
    app.add_url_rule("/health", "health", get_health)
    app.add_url_rule("/metrics", "metrics", get_metrics)
