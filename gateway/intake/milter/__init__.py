"""The milter: the MTA keeps and delivers the message, and shows it to us on the way.

Import each name from the module that defines it; nothing is re-exported here.
"""
