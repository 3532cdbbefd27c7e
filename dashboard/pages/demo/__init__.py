"""The demo's page: let simulated equipment fail."""
