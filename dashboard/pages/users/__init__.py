"""Users and channels, for the administrator."""
