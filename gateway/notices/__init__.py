"""Notices to users: why a copy of theirs was not logged, and what to do about it.

Import each name from the module that defines it; nothing is re-exported here.
"""
