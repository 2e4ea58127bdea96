"""Reading what salespeople type: pure functions from a message and its context to what it says, with spans.

`understand` in `domain.reader.understand` is the door. Language tools (a segmenter, a table from traditional to
simplified characters, pinyin) and the company's own names come in with the context; nothing is loaded here.
"""
