"""The simulator answers this host alone."""

import pytest

from tests.scenario.world import World


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8710"},
        {"Origin": "http://evil.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
    ],
    ids=[
        "another name",
        "another origin",
        "behind a proxy",
        "behind a modern proxy",
        "behind nginx",
        "behind TLS",
        "behind a cache",
    ],
)
async def test_who_is_not_on_this_host_cannot_drive_the_simulator(
    world: World, headers: dict[str, str]
) -> None:
    async with world.http.get(f"{world.base}/sim/api/people", headers=headers) as refused:
        assert refused.status == 403
        assert (await refused.json())["detail"] == "the simulator answers this host alone"
    async with world.http.get(f"{world.base}/sim/api/people") as answered:
        assert answered.status == 200
