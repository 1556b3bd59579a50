"""Brokers with an HTTP API in a thread of their own, and a client that holds answers to schemas."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator

from compat_tests.wire_client import WireClient
from kafkashim.config import Config
from kafkashim.http_api import HttpApi, Traffic
from kafkashim.rules.producer_state import BOOKS
from kafkashim.server import Server, run_loop
from kafkashim.servers import Servers

T = TypeVar("T")
SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What came back: JSON as what it means, everything else as text."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Schemas:
    """An OpenAPI document that answers are held to; objects may have no property that is not in it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._strict = strict(copy.deepcopy(document))
        self.paths = {
            path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in document["paths"]
        }
        self.seen: set[tuple[str, str, int]] = set()

    def check(self, method: str, target: str, answer: Answer) -> None:
        method = "GET" if method == "HEAD" else method
        path = target.partition("?")[0]
        found = [name for name, pattern in self.paths.items() if pattern.fullmatch(path)]
        operation = self._strict["paths"][found[0]].get(method.lower()) if found else None
        if operation is None:
            assert answer.status in (400, 403, 404, 405, 417), answer
            self._validate({"$ref": "#/components/schemas/Error"}, answer.body)
            return
        assert str(answer.status) in operation["responses"], (method, target, answer)
        self.seen.add((method, found[0], answer.status))
        content = operation["responses"][str(answer.status)].get("content")
        if content is None:
            assert answer.body is None
            return
        ((media_type, described),) = content.items()
        assert answer.headers["Content-Type"].partition(";")[0] == media_type
        if answer.body is not None:
            self._validate(described["schema"], answer.body)

    def _validate(self, schema: Mapping[str, Any], value: Any) -> None:
        root = {**schema, "components": self._strict["components"]}
        Draft202012Validator(root).validate(value)


def strict(schema: Any) -> Any:
    """Let objects have only the properties that are described."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


class HttpClient:
    """Asks over HTTP; every answer is held to the schema once it is known."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.schemas: Schemas | None = None
        self.schemas = Schemas(self.ask("GET", "/openapi.json").body)

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        data = raw if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + target, data=data, method=method, headers=dict(headers or {})
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                answer = _answer(response)
        except urllib.error.HTTPError as refused:
            with refused:
                answer = _answer(refused)
        if self.schemas is not None:
            self.schemas.check(method, target, answer)
        return answer

    def get(self, target: str, **query: object) -> Any:
        """The JSON of a GET that goes well."""
        answer = self.ask("GET", f"{target}?{urlencode(query)}" if query else target)
        assert answer.status == 200, answer
        return answer.body

    def refused(self, method: str, target: str, status: int, body: Any = None, **more: Any) -> Any:
        """The JSON of what is refused."""
        answer = self.ask(method, target, body, **more)
        assert answer.status == status, answer
        return answer.body

    def topic(self, name: str, **more: Any) -> str:
        """Create a topic."""
        assert self.ask("POST", "/api/topics", {"name": name, **more}).status == 201
        return name

    def partition(self, topic: str, index: int = 0) -> Any:
        return self.get(f"/api/topics/{quote(topic)}")["partitions"][index]


def _answer(response: Any) -> Answer:
    data = response.read()
    headers = dict(response.headers.items())
    is_json = headers.get("Content-Type", "").startswith("application/json")
    body = json.loads(data) if is_json and data else data.decode() or None
    return Answer(response.status, body, headers)


class Running:
    """A broker with an HTTP API for the time of a block, or several."""

    def __init__(
        self,
        *,
        brokers: int = 1,
        rules: str = "explicit",
        decoder: str = "flat",
        config: Mapping[str, str] | None = None,
        host: str | None = None,
        most_bytes: int = 1 << 26,
    ) -> None:
        listeners = {"listeners": "PLAINTEXT://127.0.0.1:0"}
        config = {**listeners, **(config or {})}
        self._configs = Config.from_overrides(config).of_brokers(brokers)
        self._rules, self._decoder, self._host = rules, decoder, host
        self._most_bytes = most_bytes
        self._thread = threading.Thread(target=lambda: run_loop(self._main()))
        self._started = threading.Event()
        self._failure: BaseException | None = None

    async def _main(self) -> None:
        try:
            self.loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            journal = Traffic(self._most_bytes)
            self.servers = Servers(
                self._configs, book=BOOKS[self._rules], decoder=self._decoder, journal=journal
            )
            self.http = HttpApi(self.servers, journal, host=self._host)
            await self.servers.start()
            await self.http.start()
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._started.set()
        await self._stopping.wait()
        await self.http.stop()
        await self.servers.stop()

    @property
    def server(self) -> Server:
        """The one broker, or the first."""
        return self.servers.first

    def call(self, work: Callable[[Servers], T]) -> T:
        """Run something in the broker's loop."""

        async def run() -> T:
            return work(self.servers)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(SECONDS)

    def wire(self, client_id: str = "wire", *, broker: int | None = None) -> WireClient:
        server = self.server if broker is None else self.servers.server(broker)
        return WireClient(*server.addresses[0], client_id=client_id)

    @property
    def bootstrap_servers(self) -> str:
        addresses = [server.addresses[0] for server in self.servers.servers.values()]
        return ",".join(f"{host}:{port}" for host, port in addresses)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(SECONDS)
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        try:
            self.client = HttpClient(self.http.url)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
