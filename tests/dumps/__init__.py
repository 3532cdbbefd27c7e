"""Databases of released versions, for upgrade tests; and how such a dump is made."""
