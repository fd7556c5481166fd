"""What can go wrong."""


class RunError(Exception):
    """A run directory, or a file of one, cannot be read or written; one line: which, where, what to do."""


class UsageError(RunError):
    """What was asked for is not possible as it was asked: an option, a name, or a package that is not installed."""
