"""What all tests share. Fixtures live in one file per concern."""

pytest_plugins = ["tests.services", "tests.summary"]
