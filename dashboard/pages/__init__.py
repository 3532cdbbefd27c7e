"""One folder per page: its routes, templates and static files together."""
