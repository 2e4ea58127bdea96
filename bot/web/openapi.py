"""The description of the capture API, OpenAPI 3.1: made from the models, served at /openapi.json."""

import json
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.web.answers import Duplicate, Events, Lead, Leads, Notes, ProblemOut, Receipt
from bot.web.api import MOST_BYTES, MOST_ITEMS, USUAL_ITEMS
from bot.web.problems import PROBLEM_JSON
from bot.web.schemas import LeadIn

MODELS: tuple[type[BaseModel], ...] = (LeadIn, Receipt, Duplicate, Lead, Leads, Events, Notes, ProblemOut)
_REF = "#/components/schemas/"
_ERRORS = {
    400: "The body is no JSON",
    401: "No token, or one that is not known",
    403: "The token lacks the scope",
    404: "There is no such lead",
    409: "The Idempotency-Key came with another body before, or the lead was refused",
    413: f"More than {MOST_BYTES} bytes",
    415: "The body is not announced as plain application/json",
    422: "A wrong type, an unknown key, a key said twice, or no way to reach the customer",
    429: "Too many requests; Retry-After says when",
    500: "An error on our side",
    503: "Nothing was stored, try again; Retry-After says when",
}
_READ_ERRORS = (401, 403, 429, 500, 503)
_SECONDS = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}


def _content(model: type[BaseModel], kind: str = "application/json") -> dict[str, Any]:
    return {kind: {"schema": {"$ref": f"{_REF}{model.__name__}"}}}


def _responses(good: dict[int, tuple[str, type[BaseModel]]], *errors: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        str(status): {"description": about, "content": _content(model)}
        for status, (about, model) in good.items()
    }
    for status in sorted(errors):
        entry = {"description": _ERRORS[status], "content": _content(ProblemOut, PROBLEM_JSON)}
        found[str(status)] = entry | ({"headers": _SECONDS} if status in (429, 503) else {})
    return found


def _parameter(name: str, place: str, about: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": {"type": "string"} | schema,
    }


def _create() -> dict[str, Any]:
    key = "The same key gives the same answer; up to 255 printable ASCII characters"
    return {
        "operationId": "createLead",
        "summary": "Hand in a lead",
        "security": [{"token": ["capture"]}],
        "parameters": [_parameter("Idempotency-Key", "header", key, maxLength=255)],
        "requestBody": {"required": True, "content": _content(LeadIn)},
        "responses": _responses(
            {201: ("A new lead", Receipt), 200: ("It joined a lead that is known", Duplicate)},
            *(status for status in _ERRORS if status != 404),
        ),
    }


def _changes() -> dict[str, Any]:
    return {
        "operationId": "listLeads",
        "summary": "Leads that changed since an instant",
        "security": [{"token": ["read"]}],
        "parameters": [
            _parameter("updated_since", "query", "Inclusive; ISO 8601 with an offset", format="date-time"),
            _parameter("cursor", "query", "next_cursor of the page before"),
            _parameter(
                "limit",
                "query",
                "Leads a page",
                type="integer",
                minimum=1,
                maximum=MOST_ITEMS,
                default=USUAL_ITEMS,
            ),
        ],
        "responses": _responses({200: ("A page", Leads)}, 422, *_READ_ERRORS),
    }


def _one(operation: str, summary: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{"token": ["read"]}],
        "parameters": [_parameter("id", "path", "The lead's number", pattern="^L[0-9]+$")],
        "responses": _responses({200: (summary, model)}, 404, *_READ_ERRORS),
    }


def build(version: str) -> dict[str, Any]:
    """The whole document; `version` is the program's."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template=_REF + "{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadbell",
            "version": version,
            "description": "Hand leads in and read what became of them.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/v1/leads": {"post": _create(), "get": _changes()},
            "/api/v1/leads/{id}": {"get": _one("getLead", "A lead", Lead)},
            "/api/v1/leads/{id}/events": {"get": _one("listEvents", "The history of a lead", Events)},
            "/api/v1/leads/{id}/notes": {"get": _one("listNotes", "Notes and visits of a lead", Notes)},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Of `[api] tokens` or `leadbell token add`; scopes: capture, read, "
                    "contact (shows how to reach the customer)",
                }
            },
        },
    }


@cache
def _written(version: str) -> str:
    return json.dumps(build(version), ensure_ascii=False)


def mount(app: web.Application, version: str) -> None:
    """Serve GET /openapi.json, written once."""
    text = _written(version)

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    app.router.add_get("/openapi.json", show)
