"""The description of the interface is valid, complete and true."""

import re
import warnings

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from coi.actions import people
from tests.api.conftest import make_app


@pytest.fixture
def description(client):
    answer = client.http.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method, path, operation


def test_the_description_is_valid_openapi_3_1(description):
    assert description["openapi"] == "3.1.0"
    assert [str(fault) for fault in OpenAPIV31SpecValidator(description).iter_errors()] == []


def test_every_route_is_described(description, client):
    wanted = {(method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
              for rule in client.http.application.url_map.iter_rules() if rule.rule.startswith("/api/")
              for method in rule.methods - {"HEAD", "OPTIONS"} if not rule.rule.endswith("openapi.json")}  # fmt: skip
    assert {(method, path) for method, path, _ in operations(description)} == wanted


def test_every_call_says_what_it_answers_and_how_it_fails(description):
    for method, path, operation in operations(description):
        told = set(operation["responses"])
        assert told & {"200", "201", "202"}, path
        if "security" not in operation:  # else it is open to anyone
            assert {"401", "403"} <= told, path
        assert operation["summary"], path
        if method == "post":
            assert {"400", "413", "415"} <= told, path
            assert operation["requestBody"]["required"], path
        for status in told - {"200", "201", "202"}:
            said = operation["responses"][status]
            if status == "default":
                said = description["components"]["responses"][said["$ref"].rpartition("/")[2]]
            schema = said["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/Fault"), (path, status)


def test_making_the_app_warns_of_nothing(sqlite_office, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_app(sqlite_office, tmp_path).test_client().get("/api/v1/openapi.json")


load_all_checks()
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("person", ["demo-nurse", "demo-auditor"])
def test_whatever_the_description_allows_is_answered_as_it_says(sqlite_office, tmp_path, person):
    app = make_app(sqlite_office, tmp_path)
    token = people.issue_token(sqlite_office, person)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    called = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def conforms(case):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
            case.call_and_validate(checks=list(CHECKS))

        conforms()
        called.append(operation.label)
    assert len(called) >= 15, called
