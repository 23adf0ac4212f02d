from __future__ import annotations

from pathlib import Path

import yaml

from samaritan import __version__
from samaritan.catalog.bibtex_reader import BibEntry, read_bibtex
from samaritan.catalog.record import Paper
from samaritan.catalog.references import ITSELF, Reference, merged, printed, sources
from samaritan.core.public_data import PUBLIC_DATA
from samaritan.evaluate import METRICS

WU = Reference(
    BibEntry(
        "article", "wu2025medical",
        {
            "title": r"Medical {SAM} Adapter \& more", "author": r"Wu, Junde and H{\"o}rst, F. and others", "year": "2025",
            "journal": "Medical Image Analysis", "doi": "10.1016/j.media.2025.1", "eprint": "2304.12620",
        },
    ),
    ("method med-sa",),
)  # fmt: skip


def test_three_forms_of_one_reference() -> None:
    line = "Junde Wu, F. Hörst et al. Medical SAM Adapter & more. Medical Image Analysis, arXiv 2304.12620, 2025."
    assert WU.text() == f"{line} https://doi.org/10.1016/j.media.2025.1"
    assert WU.markdown() == f"- {line} [link](https://doi.org/10.1016/j.media.2025.1) For method med-sa."
    assert WU.bibtex().splitlines()[0] == "% method med-sa"
    assert read_bibtex(WU.bibtex()) == [WU.entry]
    assert WU.data()["title"] == "Medical SAM Adapter & more"


def test_a_title_with_a_question_keeps_its_mark(papers: list[Paper]) -> None:
    asked = Reference.of_paper(papers[0].model_copy(update={"title": "Can SAM?"}))
    assert asked.text() == "A. Lee. Can SAM? 2024."


def test_no_at_in_the_comment_that_bibtex_would_read() -> None:
    assert Reference(WU.entry, ("model sam-vit-b@512",)).bibtex().startswith("% model sam-vit-b at 512\n@article{")


def test_one_entry_for_several_reasons() -> None:
    (one,) = merged([WU, Reference(WU.entry, ("model x",)), WU])
    assert one.reasons == ("method med-sa", "model x")


def test_the_package_is_cited_as_its_citation_file_says() -> None:
    said = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))
    fields = ITSELF.fields
    assert (fields["title"], fields["license"]) == (said["title"], said["license"])
    assert fields["author"] == f"{{{said['authors'][0]['name']}}}"
    assert said["version"] == __version__


def test_all_of_them_are_printed() -> None:
    both = [WU, Reference(ITSELF)]
    assert [entry.key for entry in read_bibtex(printed(both, "bibtex"))] == ["wu2025medical", "samaritan"]
    assert len(printed(both, "text").splitlines()) == len(printed(both, "markdown").splitlines()) == 2


def test_every_source_has_what_a_reference_needs_and_every_data_set_its_name() -> None:
    statistics = {"bootstrap", "wilcoxon", "holm"}
    assert statistics < set(sources())
    assert set(sources()) - statistics - set(METRICS.names()) - {"ece", "brier"} <= set(PUBLIC_DATA)
    for entry in sources().values():
        assert {"title", "author", "year"} <= set(entry.fields), entry.key
        assert Reference(entry).address or entry.key in ("bootstrap", "holm"), entry.key
