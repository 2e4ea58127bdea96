"""A WeCom of one's own: its API, its members' phones and its callbacks, for rehearsals and tests.

Faithful where it hurts: limits with silent drops, one-use response codes, tokens that die early, retries with
fresh ciphertext, passive card replies that are ignored.
"""
