"""What ``--profile`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.show._terminal import console, table_of

if TYPE_CHECKING:
    from samaritan.core.profile import Profile


def show_profile(profile: Profile | None, quiet: bool) -> None:
    """Part, seconds, share of the whole time, and what of it ran beside other parts."""
    if profile is None or quiet:
        return
    table = table_of("part", "seconds", "share", "beside others")
    for row in profile.table():
        beside = f"{row['beside']:.2f}" if row["beside"] else "-"
        table.add_row(row["part"], f"{row['seconds']:.2f}", f"{row['share']:.0%}", beside)
    table.add_section()
    table.add_row("all", f"{profile.total:.2f}", "100%", "")
    console.print(table)
