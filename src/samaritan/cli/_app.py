"""The command line's parser; every verb adds itself to it."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="samaritan",
    help="Measure, adapt and use promptable segmentation models on medical images.",
    epilog="Research software, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
