"""Alerts: what excursions ask of people, and how people are told."""
