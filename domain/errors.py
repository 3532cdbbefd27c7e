"""The errors of the house, as one tree. Each says whose fault it was and whether trying again can help.

BlackboxError
├── InputError          theirs, permanent: what was given is wrong; says what, where and what to do
│   ├── FileError       a file; carries every problem found, each with its line
│   │   ├── RegistryError   a registry file
│   │   └── ScenarioError   (simulators) a scenario
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
    """What was given is wrong. Permanent; the giver can mend it.

    Said in both languages: pages tell it in their reader's, as `Texts.pick` does; command
    line and log show both.
    """

    def __init__(self, *, zh: str, en: str) -> None:
        between = "\n" if "\n" in en else " "
        super().__init__(zh if zh == en else f"{zh}{between}{en}")
        self.zh = zh
        self.en = en


class FileError(InputError):
    """A file was refused as a whole; `problems` holds one line of text per problem.

    In English, as is what the file is written in: engineers read it on the command line.
    """

    def __init__(self, problems: list[str]) -> None:
        text = "\n".join(problems)
        super().__init__(zh=text, en=text)
        self.problems = problems


class RegistryError(FileError):
    """A registry file, or a change of the registry, was refused."""


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


class ValueProblem(ValueError):
    """What a model refuses about a value, for pydantic to wrap: said in both languages.

    Its text is the English: the problems of files are.
    """

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class Unavailable(BlackboxError):
    """Something that we need is away; trying again later can succeed."""


class LeaseLost(Unavailable):
    """The lease of a share is held by another process."""
