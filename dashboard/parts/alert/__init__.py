"""Alerts, in a list or alone: in words, and what can be done."""
