"""From outside to Envelope: the doors that mail comes in by."""
