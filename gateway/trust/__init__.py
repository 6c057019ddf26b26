"""Who really sent a message: logins, signatures, and what trusted servers say.

Import each name from the module that defines it; nothing is re-exported here.
"""
