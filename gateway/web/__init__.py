"""The web pages: the timeline to look at, why each message is on it, and what to do about it.

A process of its own on the same store (D-13): a slow page never delays a letter. What only the
pages need (passwords, sessions, who looked at what) lies in a database file beside the record.
"""
