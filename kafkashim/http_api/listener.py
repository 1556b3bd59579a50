"""The socket under the API: requests are read, handed to their route, and answered, whatever happens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import web

from kafkashim.http_api.route import (
    JSON_TYPE,
    Call,
    Problem,
    Reply,
    Route,
    World,
    read_json,
    read_path,
    read_query,
)
from kafkashim.http_api.routes import ROUTES
from kafkashim.http_api.traffic import Traffic
from kafkashim.servers import Servers

DEFAULT_HOST = "127.0.0.1"
MOST_BODY = 1024 * 1024
# How long a request that is on its way may take when the API is closed.
SHUTDOWN_SECONDS = 0.2

log = logging.getLogger("kafkashim.http")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Connection(web.RequestHandler):
    """aiohttp's connection; what it refuses by itself, because it is no HTTP, is JSON too."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer, and say in one line what was wrong."""
        text = " ".join((message or str(exc) or "no HTTP").split())
        gone = isinstance(exc, ConnectionError)
        log.log(
            logging.DEBUG if gone else logging.WARNING,
            "HTTP request of %s refused: %s",
            request.remote,
            text,
        )
        response = _response(Reply({"error": text}, status))
        response.force_close()
        return response


class HttpApi:
    """The HTTP API of a broker, or of several.

    Args:
        servers: the brokers; their loop is the one that is there.
        journal: the one they were made with.
        host: the address to listen on. Only at that of this machine's own loop is it asked under which
            name a request came, because anybody's web page could be behind another (DNS rebinding).
        port: the port; 0 takes any free one.
    """

    def __init__(
        self, servers: Servers, journal: Traffic, *, host: str | None = None, port: int = 0
    ) -> None:
        self._world = World(servers, journal)
        self._own_names_only = host is None
        self.host = DEFAULT_HOST if host is None else host
        self.port = port
        self._loop = servers.loop
        self._listener: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None
        for server in servers.servers.values():
            journal.watch(server.broker)

    @property
    def url(self) -> str:
        """Where it listens, as a browser wants it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    async def start(self) -> None:
        """Listen, and answer; ``host`` and ``port`` then tell where.

        Raises:
            OSError: the port is in use, or the address is not this machine's.
            UnicodeError: the address cannot be a name.
        """
        app = web.Application(middlewares=[self._answer], client_max_size=MOST_BODY)
        for route in ROUTES:
            app.router.add_route(
                route.method, route.path, self._handler(route), expect_handler=_expect
            )
            if route.method == "GET":
                app.router.add_route("HEAD", route.path, self._handler(route))
        self._runner = runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        assert runner.server is not None
        make = partial(
            _Connection,
            runner.server,
            loop=self._loop,
            access_log=cast("logging.Logger", None),
            auto_decompress=False,
        )
        try:
            self._listener = await self._loop.create_server(make, self.host, self.port)
        except (OSError, UnicodeError):
            await self.stop()
            raise
        address = self._listener.sockets[0].getsockname()
        self.host, self.port = str(address[0]), int(address[1])

    async def stop(self) -> None:
        """Listen no more, and close what is open."""
        listener, self._listener = self._listener, None
        runner, self._runner = self._runner, None
        if listener is not None:
            listener.close()
        if runner is not None:
            await runner.cleanup()
        if listener is not None:
            await listener.wait_closed()

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            path = read_path(route, request.match_info)
            query = read_query(route, list(request.query.items()))
            body: object = None
            if route.body is not None:
                data = await request.read()
                body = {} if route.may_be_empty and not data else read_json(data)
            reply = route.handle(self._world, Call(path, query, body))
            return _response(reply if isinstance(reply, Reply) else await reply)

        return handle

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Have a request answered; whatever goes wrong is an answer in JSON, and goes no further."""
        try:
            self._check_names(request)
            return await handler(request)
        except Problem as problem:
            return _response(Reply(problem.body(), problem.status))
        except web.HTTPException as error:
            return _not_routed(request, error)
        except web.RequestPayloadError as error:
            return _response(Reply({"error": f"the body cannot be read: {error}"}, 400))
        except ConnectionError:
            raise
        except Exception:
            log.exception("Unexpected error while handling %s %s", request.method, request.path)
            return _response(Reply({"error": "a mistake of the broker; its log has more"}, 500))

    def _check_names(self, request: web.Request) -> None:
        """Refuse what a web page of another site may have sent.

        Raises:
            Problem: it came under another name, or from another site.
        """
        named = request.headers.get("Host", "")
        if self._own_names_only and not _is_own(named, request.transport):
            raise Problem(
                403, f"{named!r} is not this machine: ask 127.0.0.1, or serve with --http-host"
            )
        origin = request.headers.get("Origin")
        if origin is not None and _netloc(origin) != named.lower():
            raise Problem(403, f"pages of {origin} may not ask")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_own(named: str, transport: Any) -> bool:
    """Whether a ``Host`` header names the machine itself: by address, or as ``localhost``."""
    try:
        host = urlsplit(f"//{named}").hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    own = transport.get_extra_info("sockname") if transport is not None else None
    return address.is_loopback or (own is not None and host == own[0])


async def _expect(request: web.Request) -> None:
    """Have the body sent; what else a client may expect is refused with it."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # pyright: ignore[reportAttributeAccessIssue]


def _response(reply: Reply) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status)
    if isinstance(reply.body, str):
        data = reply.body.encode("utf-8", "backslashreplace")
    else:
        data = json.dumps(reply.body, allow_nan=False).encode() + b"\n"
    content_type = reply.content_type
    if content_type.startswith("text/") and "charset" not in content_type:
        content_type += "; charset=utf-8"
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return web.Response(body=data, status=reply.status, headers=headers)


def _not_routed(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """What aiohttp's router and reader refuse, in JSON."""
    text = {
        404: f"there is no {request.path}: GET / lists what there is",
        405: f"{request.method} is not for {request.path}",
        413: f"the body is larger than {MOST_BODY} bytes",
    }.get(error.status, error.reason)
    response = _response(Reply({"error": text}, error.status, JSON_TYPE))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
