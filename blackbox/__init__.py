"""The application on top: command line, settings, composition, demo, clock."""
