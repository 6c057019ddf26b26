"""The command `replygate`: one module per group of commands.

Each module imports what is heavy where it is used, so that `--help` answers at once.
"""
