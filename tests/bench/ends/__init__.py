"""The two ends of a line that is measured: a load and a sink that count every octet."""
