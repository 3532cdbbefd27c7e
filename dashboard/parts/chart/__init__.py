"""Charts of points."""
