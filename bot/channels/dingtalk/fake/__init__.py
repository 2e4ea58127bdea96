"""A DingTalk of one's own: the same addresses, frames, refusals and limits, on loopback, with no account.

The tests drive it; `leadbell fake dingtalk` runs it for whoever wants to try the bot. It follows the
documents named in the modules beside this room; where they leave a choice, it takes the stricter one and
says so.
"""

from bot.channels.dingtalk.fake.server import FakeDingtalk

__all__ = ["FakeDingtalk"]
