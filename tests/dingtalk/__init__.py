"""DingTalk against the fake platform, over real sockets on loopback."""
