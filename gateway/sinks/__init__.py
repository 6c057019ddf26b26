"""Where entries are handed over: one file per sink, each behind the one interface."""
