"""DingTalk: its frames, cards, signatures and limits. Nothing outside this room knows its shapes."""
