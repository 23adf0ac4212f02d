"""What ``samaritan papers`` prints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from samaritan.show._terminal import console, errors, print_facts, table_of

if TYPE_CHECKING:
    from samaritan.catalog.checking import Fault
    from samaritan.catalog.counts import Counts
    from samaritan.catalog.links import Link
    from samaritan.catalog.record import Paper
    from samaritan.catalog.survey_table import Differences


def show_papers(papers: Sequence[Paper], found: int) -> None:
    """One block of two lines per paper, and how many there are."""
    table = table_of("key", "month", "title; tags", "code")
    table.columns[2].max_width = 80
    for paper in papers:
        tags = "; ".join(", ".join(words) for words in paper.tags.model_dump().values() if words)
        title = f"{escape(paper.title)}\n[dim]{escape(tags)}[/]" if tags else escape(paper.title)
        table.add_row(escape(paper.key), paper.month, title, "yes" if paper.code else "-")
    console.print(table)
    shown = "" if len(papers) == found else f"{len(papers)} of "
    more = "; --limit 0 shows all" if shown else ""
    console.print(f"{shown}{found} paper{'' if found == 1 else 's'}{more}. samaritan papers show KEY tells all of one.")


def show_nothing(words: Mapping[str, int], filtered: bool, near: bool, meant: Mapping[str, str]) -> None:
    """Why a question has no answer, on stderr: standard output is the answer.

    Args:
        words: of the question -> how many papers have each.
        filtered: filters were asked for.
        near: papers with some of the words follow.
        meant: word that no paper has -> the one that is most like it.
    """
    if not words:
        errors.print("No paper passes these filters.", soft_wrap=True)
        return
    told = ", ".join(f"{escape(word)} {number}" for word, number in words.items())
    hint = f" Did you mean {', '.join(map(escape, meant.values()))}?" if meant else ""
    if len(words) == 1:
        start = "No paper with this word passes the filters" if filtered else "No paper"
        errors.print(f"{start}: {told}.{hint}", soft_wrap=True)
        return
    under = " and passes the filters" if filtered else ""
    further = "These have some of them:" if near else "--any takes papers with any."
    errors.print(f"No paper has all these words{under}; papers with each: {told}.{hint} {further}", soft_wrap=True)


def show_paper(paper: Paper) -> None:
    """A record, one fact per line."""
    authors = ", ".join(paper.authors) + (" and others" if paper.others else "")
    facts = [
        ("key", paper.key), ("title", paper.title), *(("earlier", f"{one.title} ({one.key})") for one in paper.earlier),
        ("authors", authors), ("month", paper.month), ("published", paper.published), ("venue", paper.venue),
        ("arXiv", paper.arxiv), ("DOI", paper.doi), ("paper", paper.url), ("code", paper.code),
        *(("also", address) for address in paper.also),
        ("licence of the code", paper.code_licence),
        *((facet.replace("_", " "), ", ".join(words)) for facet, words in paper.tags.model_dump().items()),
        *(("implemented", f"{one.room} {one.name}: {one.file}") for one in paper.implemented),
    ]  # fmt: skip
    print_facts((name, value) for name, value in facts if value)


def show_counts(tables: Sequence[Counts], papers: int, with_code: int) -> None:
    """One table of years for each facet."""
    for counts in tables:
        table = table_of(counts.facet, *counts.periods, "all")
        for column in table.columns[1:]:
            column.justify = "right"
        for word, numbers in counts.rows.items():
            table.add_row(escape(word), *(str(number) if number else "-" for number in numbers), str(sum(numbers)))
        table.add_section()
        table.add_row("papers", *map(str, counts.totals), str(papers))
        console.print(table)
    console.print(f"{papers} papers, {with_code} with code. A paper with several tags counts under each.")


def show_differences(found: Differences, faults: Sequence[str]) -> None:
    """New, changed and gone papers of a list, and lines that cannot be read."""
    for row in found.new:
        console.print(f"[green]new[/] {row.month} {escape(row.title)} (line {row.line})", soft_wrap=True)
    for change in found.changed:
        for name, (mine, theirs) in change.fields.items():
            what = f"{name} {mine or 'none'} -> {theirs or 'none'}"
            console.print(f"[yellow]changed[/] {change.paper.key} {escape(what)}", soft_wrap=True)
    for paper in found.gone:
        console.print(f"[red]gone[/] {paper.month} {paper.key} {escape(paper.title)}", soft_wrap=True)
    for fault in faults:
        errors.print(f"[yellow]not read[/] {escape(fault)}", soft_wrap=True)
    console.print(
        f"{len(found.new)} new, {len(found.changed)} changed, {len(found.gone)} gone, {found.same} rows as they are here."
    )


def show_faults(faults: Sequence[Fault], papers: int) -> None:
    """What is wrong with records."""
    for fault in faults:
        console.print(f"[red]{fault.kind}[/] {escape(fault.sentence)}", soft_wrap=True)
    console.print(f"{papers} papers, {len(faults) or 'no'} fault{'' if len(faults) == 1 else 's'}.")


def show_links(links: Sequence[Link], keys: Mapping[str, Sequence[str]]) -> None:
    """Links that do not lead where they should, and how many lead there."""
    for link in links:
        if link.state == "ok":
            continue
        to = f" -> {link.to}" if link.to else f" ({link.why})" if link.why else ""
        status = f" {link.status}" if link.status else ""
        line = f"{link.url}{to}, {', '.join(keys[link.url])}"
        console.print(f"[yellow]{link.state}{status}[/] {escape(line)}", soft_wrap=True)
    states = [link.state for link in links]
    told = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
    console.print(f"{len(links)} links: {told}.")


@contextmanager
def links_bar(quiet: bool, links: Collection[str]) -> Iterator[Callable[[Link], None]]:
    """A bar over links on terminals; yields what is told each answer."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task("links", total=len(links))
        yield lambda link: progress.update(task, advance=1, description=link.url[:60])
