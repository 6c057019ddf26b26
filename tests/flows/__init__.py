"""Whole programs, real sockets: mail from a client to the last hop."""
