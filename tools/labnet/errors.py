"""The errors that the command line prints as one line."""


class LabError(Exception):
    """Something failed; the text says what, and what to do about it."""


class UsageError(LabError):
    """The caller asked for something that does not exist (exit 2)."""
