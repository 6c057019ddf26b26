"""The story of `replygate demo`: the real gateway, played over SMTP, each step asserted."""
