"""The verb papers: ask the catalogue of the field, count it, add to it, check it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, Quiet, emit, one_of

if TYPE_CHECKING:
    from samaritan.catalog.record import Paper

FORMATS = ("table", "json", "csv", "bibtex", "markdown")
ORDERS = ("best", "newest", "oldest")

#: So many papers go on a screen where nobody says how many.
_SCREEN = 25


class SearchByDefault(TyperGroup):
    """A group whose words are a query unless the first one is a command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``search`` before what is no command."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["search", *args]
        return super().parse_args(ctx, args)


papers_app = typer.Typer(
    cls=SearchByDefault,
    help="Ask the catalogue of papers: samaritan papers 'ultrasound lora' --with-code.",
    epilog="Without a command the words are a query: see samaritan papers search --help for the filters.",
)
app.add_typer(papers_app, name="papers")

Words = Annotated[list[str] | None, typer.Argument(help="Words that a paper must have, in any form; none lists all.")]
Since = Annotated[str | None, typer.Option(help="First month, 2024-06, or year.")]
Until = Annotated[str | None, typer.Option(help="Last month, 2025-03, or year.")]
Into = Annotated[Path | None, typer.Option(help="The catalogue file to add to; your own otherwise.")]
_FACET = "Words with commas between them, any of which will do."


@papers_app.command("search")
def papers_search(
    words: Words = None,
    query: Annotated[str | None, typer.Option(help="The query, where it is the name of a command.")] = None,
    since: Since = None,
    until: Until = None,
    any_word: Annotated[
        bool, typer.Option("--any", help="Papers with any of the words, those with most of them first.")
    ] = False,
    with_code: Annotated[bool, typer.Option("--with-code", help="Only papers with a link to code.")] = False,
    without_code: Annotated[bool, typer.Option("--without-code", help="Only papers without one.")] = False,
    implemented: Annotated[bool, typer.Option("--implemented", help="Only what this package implements.")] = False,
    family: Annotated[list[str] | None, typer.Option(help=f"Kind of work. {_FACET}")] = None,
    modality: Annotated[list[str] | None, typer.Option(help=f"Kind of images. {_FACET}")] = None,
    target: Annotated[list[str] | None, typer.Option(help=f"What is segmented. {_FACET}")] = None,
    dimension: Annotated[list[str] | None, typer.Option(help=f"Of the images. {_FACET}")] = None,
    prompt: Annotated[list[str] | None, typer.Option(help=f"How the model is asked. {_FACET}")] = None,
    base_model: Annotated[list[str] | None, typer.Option(help=f"What it builds on. {_FACET}")] = None,
    supervision: Annotated[list[str] | None, typer.Option(help=f"Labels that it learns from. {_FACET}")] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help=f"At most so many, 0 for all; a table has {_SCREEN}, other forms all.")
    ] = None,
    sort: Annotated[str, typer.Option(help=f"{', '.join(ORDERS)}; without words best is newest.")] = "best",
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "table",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the papers that have all words and pass all filters, the best first; newest first without words."""
    from samaritan.catalog import vocabulary
    from samaritan.catalog.everything import all_papers
    from samaritan.catalog.filters import Filters, checked_words
    from samaritan.catalog.index import Index
    from samaritan.show.papers import show_nothing

    form = "json" if as_json else one_of(form, *FORMATS)
    order = one_of(sort, *ORDERS)
    asked = {
        "family": family, "modality": modality, "target": target, "dimension": dimension, "prompt": prompt,
        "base_model": base_model, "supervision": supervision,
    }  # fmt: skip
    allowed = vocabulary()
    tags = {facet: checked_words(facet, given, allowed[facet]) for facet, given in asked.items() if given}
    filters = Filters(since, until, with_code, without_code, implemented, tags)
    index, text = Index(all_papers()), " ".join([*(words or []), *([query] if query else [])])
    found = index.search(text, filters, any_word=any_word)
    if limit is None:
        limit = _SCREEN if form == "table" else 0
    if not found:
        if form == "table" and text.strip():  # a person is helped by what comes near, a program is not
            found = index.search(text, filters, any_word=True)
        counts = index.explain(text) if text.strip() else {}
        show_nothing(counts, filters != Filters(), near=bool(found), meant=index.meant(counts))
    if order != "best":
        found = sorted(found, key=lambda paper: (paper.month, paper.key), reverse=order == "newest")
    _print(found[: limit or None], form, len(found))


@papers_app.command("show")
def papers_show(
    key: Annotated[str, typer.Argument(help="Key, arXiv number, or title of a paper.")],
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "table",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show all that is known of one paper."""
    from samaritan.catalog.everything import find_paper
    from samaritan.catalog.tables import to_data
    from samaritan.show.papers import show_paper

    form = "json" if as_json else one_of(form, *FORMATS)
    paper = find_paper(key)
    if form == "table":
        show_paper(paper)
    elif form == "json":
        emit(to_data(paper))
    else:
        _print([paper], form, 1)


@papers_app.command("stats")
def papers_stats(
    plot: Annotated[Path | None, typer.Option(help="Draw them over time into this .png, .svg or .pdf.")] = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Count papers by year, family and modality."""
    from dataclasses import asdict

    from samaritan.catalog.counts import count
    from samaritan.catalog.everything import all_papers
    from samaritan.catalog.filters import Filters
    from samaritan.show.papers import show_counts

    filters = Filters(since, until)
    papers = [paper for paper in all_papers() if not paper.seminal and filters.fits(paper)]
    if plot is not None:
        from samaritan.catalog.plot import draw_counts

        draw_counts(papers, plot)
    tables = [count(papers, facet) for facet in ("family", "modality")]
    with_code = sum(paper.code is not None for paper in papers)
    if as_json:
        emit({"papers": len(papers), "with_code": with_code, "counts": [asdict(table) for table in tables]})
    else:
        show_counts(tables, len(papers), with_code)
    if plot is not None and not as_json:
        typer.echo(str(plot))


@papers_app.command("add")
def papers_add(
    source: Annotated[str, typer.Argument(help="A record (YAML), a BibTeX file or text, or an arXiv number.")],
    into: Into = None,
    month: Annotated[str | None, typer.Option(help="Of the first version, where BibTeX has none: 2024-06.")] = None,
    skip_known: Annotated[bool, typer.Option("--skip-known", help="Leave out what is there already.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Add papers to your own catalogue, which every question then covers."""
    from samaritan.catalog.adding import add, known_among, numbered, papers_from
    from samaritan.catalog.everything import all_papers, with_file
    from samaritan.catalog.own import own_file

    path = into or own_file()
    known = with_file(all_papers(), path)
    papers = numbered(source, known) or papers_from(source, {key for one in known for key in one.keys}, month=month)
    skipped = known_among(papers, known) if skip_known else []
    new = [paper for paper in papers if all(paper is not left for left, _ in skipped)]
    add(new, known, path)
    if as_json:
        emit({"file": path, "added": [paper.key for paper in new], "known": [other.key for _, other in skipped]})
        return
    for paper, other in skipped:
        typer.echo(f"there already as {other.key}: {paper.title}")
    for paper in new:
        typer.echo(f"{paper.key}: {paper.title}")
    typer.echo(f"{len(new)} added to {path}")


@papers_app.command("import")
def papers_import(
    table: Annotated[Path, typer.Argument(help="A Markdown list with the columns Date, Authors, Title, Code.")],
    apply: Annotated[bool, typer.Option("--apply", help="Add the new ones.")] = False,
    into: Into = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare a list in the form of the survey's with the catalogue: what is new, changed, gone."""
    from dataclasses import asdict

    from samaritan.catalog.adding import add
    from samaritan.catalog.everything import all_papers, with_file
    from samaritan.catalog.own import own_file
    from samaritan.catalog.survey_table import compare, read_table, to_papers
    from samaritan.core.errors import InputError
    from samaritan.core.text import read_text
    from samaritan.show.papers import show_differences

    read = read_table(read_text(table))
    if not read.rows and read.faults:
        raise InputError(f"{table} has no row that can be read (of {len(read.faults)}). {read.faults[0]}")
    if not read.rows:
        raise InputError(
            f"{table} has no row of a table with the columns Date, Authors, Title and Code; give such a list."
        )
    path = into or own_file()
    known = with_file(all_papers(), path)
    found = compare(read.rows, known)
    if as_json:
        changed = [{"key": one.paper.key, "line": one.row.line, "fields": one.fields} for one in found.changed]
        gone = [paper.key for paper in found.gone]
        emit({"new": [asdict(row) for row in found.new], "changed": changed, "gone": gone, "not_read": read.faults})
    else:
        show_differences(found, read.faults)
    if apply and found.new:
        add(to_papers(found.new, {key for paper in known for key in paper.keys}), known, path)
        typer.echo(f"{len(found.new)} added to {path}", err=as_json)


@papers_app.command("check")
def papers_check(
    network: Annotated[
        bool, typer.Option("--network", help="Ask every link, politely; takes ten minutes or more.")
    ] = False,
    state: Annotated[Path | None, typer.Option(help="Answers about links, from which a stopped run goes on.")] = None,
    days: Annotated[
        int, typer.Option(min=0, max=36500, help="A link that was asked in so many days is not asked again.")
    ] = 30,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Check the records, and with --network their links; exit code 1 where something is wrong."""
    from dataclasses import asdict

    from samaritan.catalog import vocabulary
    from samaritan.catalog.checking import check_papers
    from samaritan.catalog.everything import all_papers
    from samaritan.catalog.links import addresses, check_links
    from samaritan.catalog.network import Client
    from samaritan.catalog.own import own_file
    from samaritan.show.papers import links_bar, show_faults, show_links

    papers = all_papers()
    faults = check_papers(papers, vocabulary())
    links, keys = [], addresses(papers)
    if network:
        try:
            with links_bar(quiet or as_json, keys) as tell:
                links = check_links(keys, Client(), state or own_file().with_name("links.jsonl"), days=days, tell=tell)
        except KeyboardInterrupt:
            typer.echo("Interrupted; the same command goes on from here.", err=True)
            raise typer.Exit(130) from None
    if as_json:
        emit(
            {
                "faults": [asdict(one) for one in faults],
                "links": [{**asdict(one), "keys": keys[one.url]} for one in links],
            }
        )
    elif not quiet:
        show_faults(faults, len(papers))
        if network:
            show_links(links, keys)
    if faults or any(link.state == "dead" for link in links):
        raise typer.Exit(1)


def _print(papers: list[Paper], form: str, found: int) -> None:
    """Papers in one of :data:`FORMATS`; a program gets nothing but them on standard output."""
    if form == "table":
        from samaritan.show.papers import show_papers

        if papers:
            show_papers(papers, found)
    elif form == "json":
        from samaritan.catalog.tables import to_data

        emit([to_data(paper) for paper in papers])
    elif form == "csv":
        from samaritan.catalog.tables import to_csv

        typer.echo(to_csv(papers), nl=False)
    elif form == "markdown":
        from samaritan.catalog.tables import to_markdown

        typer.echo(to_markdown(papers), nl=False)
    elif papers:
        from samaritan.catalog.bibtex import bibtex

        typer.echo(bibtex(papers))
