"""The description of the API is sound, and is that of what is served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compat_tests.conftest import need
from compat_tests.http_api.asking import HttpClient, Running
from kafkashim.http_api.openapi import description
from kafkashim.http_api.routes import ROUTES

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_it_is_openapi(api: HttpClient) -> None:
    document = api.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    need("openapi_spec_validator").validate(document)
    assert document == description(ROUTES)


def test_which_bodies_may_be_left_out() -> None:
    paths = description(ROUTES)["paths"]
    bodies = {
        path: operation["requestBody"]["required"]
        for path, operations in paths.items()
        for operation in operations.values()
        if "requestBody" in operation
    }
    assert [path for path, required in bodies.items() if not required] == ["/api/brokers/{id}/stop"]


def test_names_are_there_once() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_schema_is_used() -> None:
    document = description(ROUTES)
    text = str(document)
    # What a Message has depends on its API; the record sets in it are described by themselves.
    for name in set(document["components"]["schemas"]) - {"RecordSet"}:
        assert f"#/components/schemas/{name}'" in text, name


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_what_is_described_is_served_and_nothing_else(
    path: str, start: Callable[..., Running]
) -> None:
    api = start().client
    described = {route.method for route in ROUTES if route.path == path}
    for method in METHODS:
        target = path.format(number=77, name="nowhere", id=77, index=0)
        answer = api.ask(method, target)
        if method in described:
            assert answer.status != 405
            if answer.status == 404:
                assert "there is no /" not in answer.body["error"]
        else:
            assert answer.status == 405
            assert set(answer.headers["Allow"].split(",")) - {"HEAD"} == described
            assert answer.body == {"error": f"{method} is not for {target}"}


def test_the_index_lists_the_routes(api: HttpClient) -> None:
    answer = api.ask("GET", "/")
    lines = answer.body.splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == [(r.method, r.path) for r in ROUTES]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_page_lists_the_routes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{r.method}` | `{r.path}` | {r.summary} |" for r in ROUTES]
