"""An endpoint that writes voices down as OpenAI's does, or misbehaves as it is told."""

from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "speech-key"


@dataclass
class SpeechFake:
    """`says` = the words of whatever is sent; `mood` = a raw answer (status, body) in place of it."""

    says: str = ""
    mood: tuple[int, bytes] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    async def transcribe(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"message": "bad key"}}, status=401)
        fields: dict[str, str] = {}
        async for part in await request.multipart():
            name, data = str(getattr(part, "name", "")), await part.read()  # type: ignore[union-attr]
            fields[name] = str(part.filename) if name == "file" else bytes(data).decode()  # type: ignore[union-attr]
        self.asked.append(fields)
        if self.mood is not None:
            return web.Response(status=self.mood[0], body=self.mood[1], content_type="application/json")
        return web.json_response({"text": self.says})

    async def models(self, request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == f"Bearer {KEY}"
        return web.json_response({"data": []}, status=200 if known else 401)

    def server(self) -> TestServer:
        """To be started and closed by the test; its address is `make_url("/v1")`."""
        app = web.Application()
        app.router.add_post("/v1/audio/transcriptions", self.transcribe)
        app.router.add_get("/v1/models", self.models)
        return TestServer(app)
