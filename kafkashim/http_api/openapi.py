"""The table of routes as an OpenAPI 3.1 description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafkashim import __version__
from kafkashim.http_api.route import JSON_TYPE, Answer, Parameter, Route
from kafkashim.http_api.schemas import SCHEMAS, ref

_ERROR = ref("Error")
# What every request may be answered, besides what its route says.
ANYWHERE: Mapping[int, Answer] = {
    400: Answer("Something of the request is wrong.", _ERROR),
    403: Answer("The request comes from another site, or by another name.", _ERROR),
    500: Answer("A mistake of the broker.", _ERROR),
}
WITH_BODY: Mapping[int, Answer] = {413: Answer("The body is larger than 1 MiB.", _ERROR)}


def answers_of(route: Route) -> Mapping[int, Answer]:
    """All statuses a route may answer."""
    return {**ANYWHERE, **(WITH_BODY if route.body is not None else {}), **route.answers}


def description(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI description of some routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kafkashim",
            "version": __version__,
            "description": "The control API of a Kafka broker in one Python process.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS)},
    }


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            *(_parameter(parameter, "path") for parameter in route.in_path),
            *(_parameter(parameter, "query") for parameter in route.in_query),
        ],
        "responses": {
            str(status): _response(answer) for status, answer in sorted(answers_of(route).items())
        },
    }
    if route.body is not None:
        content = {JSON_TYPE: {"schema": route.body}}
        found["requestBody"] = {"required": not route.may_be_empty, "content": content}
    return found


def _parameter(parameter: Parameter, where: str) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": where,
        "required": where == "path",
        "description": parameter.about,
        "schema": parameter.schema,
    }


def _response(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.about}
    if answer.schema is not None:
        # The media type without its parameters.
        found["content"] = {answer.content_type.partition(";")[0]: {"schema": answer.schema}}
    return found
