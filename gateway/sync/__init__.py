"""Takes contacts, owners, users and lists from where a company keeps them; one file a source."""
