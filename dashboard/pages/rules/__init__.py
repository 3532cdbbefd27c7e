"""The rules that watch what one sees, and trying one on history."""
