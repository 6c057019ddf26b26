"""The configuration: one TOML file becomes one frozen Config, passed by hand.

Import each name from the module that defines it; nothing is re-exported here.
"""
