"""``python -m samaritan``: the command line, for starters such as torchrun that take a module."""

from samaritan.cli import main

if __name__ == "__main__":
    main()
