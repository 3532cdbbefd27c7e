"""The command line: `blackbox …`. Each command reads its settings and starts a composition."""

from __future__ import annotations

import sys

import typer

from blackbox.commands import (
    evidence,
    maintenance,
    processes,
    registry,
    rejected,
    rules,
    simulate,
    telling,
    users,
)
from domain.errors import BlackboxError, RegistryError

app = typer.Typer(
    name="blackbox",
    help="黑匣子 · the black box: off-site supervision of drug storage and production.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
processes.add_to(app)
app.add_typer(registry.app, name="registry")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(rules.app, name="rules")
app.add_typer(rejected.app, name="rejected")
app.add_typer(simulate.app, name="simulate")
app.add_typer(telling.contacts, name="contacts")
app.add_typer(telling.subscriptions, name="subscriptions")
app.add_typer(telling.channels, name="channels")
app.add_typer(users.app, name="users")
evidence.add_to(app)


def main() -> None:
    """Run a command; what is the user's to mend ends with a message, not with a trace."""
    try:
        app()
    except RegistryError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        sys.stderr.write(
            f"{len(error.problems)} 处问题，未应用 · problems, nothing applied\n"
        )
        sys.exit(2)
    except BlackboxError as error:
        sys.stderr.write(f"blackbox: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
