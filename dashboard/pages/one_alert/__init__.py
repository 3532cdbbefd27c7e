"""One alert: all that explains it, and what can be done."""
