"""Pure: judges series of readings. One file per kind; `catalogue/` has ready rules."""
