"""Mail out of connected inboxes, for those who cannot change any routing (RFC 3501, RFC 2177)."""
