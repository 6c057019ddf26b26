"""Every noun of the gateway, frozen: the dictionary of the project.

Import each noun from the module that defines it; nothing is re-exported here.
"""
