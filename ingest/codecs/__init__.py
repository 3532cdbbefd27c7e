"""Codecs: payload formats at the door, one file each."""
