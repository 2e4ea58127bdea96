"""An HTTP endpoint in OpenAI's shape: a base address, perhaps a key, answers of a bounded length."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp


class Unreachable(Exception):
    """No usable answer came; the text says why, with nothing of the question or the answer in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`base_url` ends before the path, without a slash. Redirects are not followed."""

    base_url: str
    api_key: str = ""
    http: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, *, within: float, most: int, **body: Any
    ) -> tuple[int, bytes]:
        """(status, whole body) within so many seconds, of at most so many bytes. Raises Unreachable."""
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        call = self.http.request(
            method, f"{self.base_url}{path}", headers=headers, allow_redirects=False, **body
        )
        found = bytearray()
        try:
            async with asyncio.timeout(within), call as answer:
                async for chunk in answer.content.iter_any():
                    found += chunk
                    if len(found) > most:
                        raise Unreachable("too long")
                return answer.status, bytes(found)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        await self.http.close()
