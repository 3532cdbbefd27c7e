"""HTTP API `/api/v1`: what the pages show, for programs; one file per resource."""
