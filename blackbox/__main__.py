"""`python -m blackbox` is `blackbox`."""

from blackbox.cli import main

main()
