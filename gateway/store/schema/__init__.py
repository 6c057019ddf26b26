"""Numbered migrations as plain SQL; the newest number is the version of the store."""
