"""The store on PostgreSQL, for several nodes (D-12): what differs from SQLite, and nothing else."""
