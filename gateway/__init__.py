"""Replygate: logs email conversations to a CRM timeline from the mail path, and says why."""
