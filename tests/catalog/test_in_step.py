"""The catalogue and the package say the same of each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from samaritan.adapt import METHODS
from samaritan.catalog import Implementation, load_catalog
from samaritan.catalog.rules import derived
from samaritan.datasets.samples._base import SAMPLES
from samaritan.models import MODELS
from scripts.catalogue.implemented import DATA, NUMBER, dumped, written
from scripts.catalogue.precision import CHECKED, FIRST, PAGE, SECOND, measure, page

ROOT = Path(__file__).parents[2]
LINKS = [(paper.key, link) for paper in load_catalog().papers for link in paper.implemented]


@pytest.mark.parametrize("name", [*MODELS.names(), *METHODS.names()])
def test_every_paper_on_a_card_is_in_the_catalogue(name: str) -> None:
    card = MODELS.get(name).card if name in MODELS.names() else METHODS.get(name).card
    numbers = NUMBER.findall(card.paper)
    assert numbers, name
    for number in numbers:
        paper = load_catalog().by_arxiv(number)
        assert name.startswith("tiny-") or name in {link.name for link in paper.implemented}


@pytest.mark.parametrize("path", sorted((ROOT / "src" / "samaritan").glob("*/[!_]*.py")), ids=lambda path: path.stem)
def test_every_paper_that_a_prompt_a_sample_or_a_metric_names_is_in_the_catalogue(path: Path) -> None:
    if path.parent.name in {"prompts", "datasets", "evaluate"}:
        for number in NUMBER.findall(path.read_text(encoding="utf-8")):
            assert load_catalog().by_arxiv(number)


def test_samples_name_no_paper_by_number_that_is_missing() -> None:
    for name in SAMPLES.names():
        for number in NUMBER.findall(repr(SAMPLES.get(name))):
            assert load_catalog().by_arxiv(number)


@pytest.mark.parametrize(("key", "link"), LINKS)
def test_a_link_leads_to_a_file_of_the_entry(key: str, link: Implementation) -> None:
    path = ROOT / link.file
    assert path.is_file()
    assert path.parent.name == link.room
    assert re.search(re.escape(link.name.split("-")[0].split(".")[0]), path.read_text(encoding="utf-8"))


def test_the_links_are_those_that_the_cards_say() -> None:
    text = DATA.read_text(encoding="utf-8")
    assert dumped(written(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))) == text


def test_the_page_of_tags_is_current_and_the_rules_are_better_than_chance() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    everything = measure()[-1]
    assert everything.right > 5 * everything.wrong


def test_the_samples_are_of_sixty_different_papers_each_and_the_figures_are_of_rules_alone() -> None:
    samples = [set(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in (FIRST, SECOND, CHECKED)]
    assert [len(sample) for sample in samples] == [60, 60, 60]
    assert len(set.union(*samples)) == 180
    papers = load_catalog()
    wrong = {key for key in samples[-1] if papers.get(key).tags != derived(papers.get(key).title)}
    assert wrong  # what a person has put right in the sample does not better its figures


def test_what_a_method_s_file_says_it_rests_on_is_linked_beside_its_card() -> None:
    assert {"gu2024build", "zhang2023customized", "hu2021lora"} == {key for key, link in LINKS if link.name == "lora"}
