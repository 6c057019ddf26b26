"""Octets onward: our own SMTP client for the next hop, its pool, and what a delivery is."""
