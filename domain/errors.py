"""The errors of the house, as one tree. Each says whose fault it was and whether trying again can help.

BlackboxError
├── InputError          theirs, permanent: what was given is wrong; says what, where and what to do
│   ├── RegistryError   a registry file; carries every problem found, each with its line
│   ├── SettingsError   a setting; names it
│   ├── CommandError    a command to an alert that its state does not allow; says what is possible
│   │   └── StaleError  the alert has changed since the person saw it; says into what
│   ├── ForbiddenError  a command that the person's role may not give
│   └── UnknownAlertError  no such alert, or none that the person may know of: the same
├── TransportError      (alerting/channels) a channel could not hand over; says if permanent
│   └── UnreachablePersonError   it works, but not for this person
└── Unavailable         ours or the surroundings', temporary: broker, database or lease is away
    └── LeaseLost       another process writes for this share now
"""

from __future__ import annotations


class BlackboxError(Exception):
    """Root of all errors that this system raises on purpose."""


class InputError(BlackboxError):
    """What was given is wrong. Permanent; the giver can mend it."""


class RegistryError(InputError):
    """A registry file was refused as a whole; `problems` holds one line of text per problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingsError(InputError):
    """A setting is wrong; the message names it."""


class CommandError(InputError):
    """A command that an alert's state does not allow. Nothing was changed."""


class StaleError(CommandError):
    """The alert has changed since whoever gave the command saw it. Nothing was changed."""


class ForbiddenError(InputError):
    """A command that the person's role may not give. Nothing was changed."""


class UnknownAlertError(InputError):
    """There is no such alert, or none that the asker may know of."""


class Unavailable(BlackboxError):
    """Something that we need is away; trying again later can succeed."""


class LeaseLost(Unavailable):
    """The lease of a share is held by another process."""
