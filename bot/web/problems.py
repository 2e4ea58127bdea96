"""What every request gets: an id, plain security headers, one line in the log, and errors as problem+json.

Errors follow RFC 9457. Nothing that was sent in is said back but the names of fields, and nothing of our
inside is said at all; the id in the answer finds the line in the log.
"""

import asyncio
import json
import logging
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from domain.errors import Unavailable

log = structlog.get_logger("http")

PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = 2
SOURCE = web.RequestKey("source", str)
REQUEST_ID = web.RequestKey("request_id", str)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_OWN_PAGES = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class Problem(Exception):
    """An answer that is an error; `errors` lists what is wrong with which field."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self, request_id: str = "") -> dict[str, object]:
        """The members of RFC 9457, `errors` and `request_id`."""
        title = HTTPStatus(self.status).phrase
        found: dict[str, object] = {
            "type": "urn:leadbell:problem:" + title.lower().replace(" ", "-"),
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            found["errors"] = list(self.errors)
        if request_id:
            found["request_id"] = request_id
        return found

    def response(self, request_id: str = "") -> web.Response:
        return web.Response(
            text=json.dumps(self.body(request_id), ensure_ascii=False),
            status=self.status,
            content_type=PROBLEM_JSON,
            headers=self.headers,
        )


def unavailable() -> Problem:
    return Problem(503, "nothing was stored, try again", headers={"Retry-After": str(RETRY_SECONDS)})


class Observe(Protocol):
    """Counts a request: its route's template, method, status, and how long it took."""

    def __call__(self, route: str, method: str, status: int, seconds: float, /) -> None: ...


def route_of(request: web.Request) -> str:
    """The template of the route, such as /api/v1/leads/{id}; paths that are none are one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "other"


def guard(*, new_id: Callable[[], str], observe: Observe) -> Middleware:
    """The outermost middleware: see the module. `new_id` makes up an id for a request that brings none."""

    @web.middleware
    async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        start = loop.time()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else new_id()
        request[REQUEST_ID] = request_id
        response = await _answer(request, handler, request_id)
        spent = loop.time() - start
        route = route_of(request)
        observe(route, request.method, response.status, spent)
        _write_line(request, route, response.status, spent)
        return response

    return handle


async def _answer(request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response(request_id)
    except Unavailable as error:
        log.warning("store unavailable", action="unavailable", id=request_id, why=str(error))
        return unavailable().response(request_id)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return Problem(error.status, HTTPStatus(error.status).description, headers=allow).response(request_id)
    except Exception as error:  # noqa: BLE001  a bug: the caller learns nothing of it, the log its place
        log.error("request failed", action="bug", id=request_id, **_place(error))
        return Problem(500, "this went wrong on our side").response(request_id)


def _place(error: Exception) -> dict[str, str]:
    """The kind of an error and where it happened; not its text, which may hold somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    return {"error": type(error).__name__, "where": where}


def _write_line(request: web.Request, route: str, status: int, spent: float) -> None:
    write = log.debug if route in _QUIET and status < 500 else log.info
    write(
        "request",
        action="http",
        route=route,
        method=request.method,
        status=status,
        ms=round(spent * 1000, 1),
        id=request[REQUEST_ID],
        source=request.get(SOURCE, ""),
    )


class _Unquoted(logging.Filter):
    """Of what is no HTTP the library logs the bytes, which may be a customer's data: none of them here."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info = None
        return True


UNQUOTED = _Unquoted()
"""For the log "aiohttp.server"."""


async def secure_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `app.on_response_prepare`: headers that a handler has not set itself. A script in a page is refused
    unless it is a file of ours."""
    headers = response.headers
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    is_page = response.content_type == "text/html"
    headers.setdefault("Content-Security-Policy", _OWN_PAGES if is_page else _NOTHING)
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("X-Request-Id", request.get(REQUEST_ID, ""))
