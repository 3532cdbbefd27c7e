"""Connections: what devices send, what became of it, what to send."""
