"""The durable record: SQLite, the kept octets, and the spool for when the store is away."""
