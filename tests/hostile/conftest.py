"""The catalogue is put through the bot as the stories are."""

from tests.scenario.conftest import starter

__all__ = ["starter"]
