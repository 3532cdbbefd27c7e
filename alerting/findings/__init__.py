"""Alerts without excursions: of devices, sites and the box itself; what only time brings."""
