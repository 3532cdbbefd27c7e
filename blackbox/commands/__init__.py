"""The commands of `blackbox`, one file for each group."""
