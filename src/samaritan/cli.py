"""The command line: one function for each verb."""


def main() -> None:
    """Entry point of ``samaritan``."""
