"""Web: pages, live stream, commands of people."""
