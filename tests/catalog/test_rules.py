"""Tags from titles."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from samaritan.catalog import Tags, load_catalog, vocabulary
from samaritan.catalog.rules import derived, overrides, tags_of


@pytest.mark.parametrize(
    ("title", "facet", "words"),
    [
        ("Semi-supervised segmentation of CT volumes", "supervision", ("semi",)),
        ("Semi-supervised segmentation of CBCT volumes", "modality", ("ct",)),
        ("MedSAM on the object", "modality", ()),
        ("MedSAM on the object", "base_model", ("medsam",)),
        ("SAM and MedSAM2 in echocardiography", "base_model", ("medsam2", "sam")),
        ("SAM2-UNet", "base_model", ("sam2",)),
        ("Segment Anything Model 2 for video", "base_model", ("sam2",)),
        ("SAM 3D reconstruction", "base_model", ("sam",)),
        ("MedSAM2: Segment Anything in 3D", "base_model", ("sam2",)),
        ("Half-MedSAM for the liver", "base_model", ("sam",)),
        ("What SAM-Med3D knows", "base_model", ("sam-med3d",)),
        ("SAM-Med3D: a model of volumes", "base_model", ("sam",)),
        ("Sampling of points", "base_model", ()),
        ("A 3D Slicer extension", "dimension", ()),
        ("Unsupervised domain adaptation", "family", ("few-shot",)),
        ("Semi-automatic segmentation", "prompt", ()),
        ("LoRA for polyps in colonoscopy", "family", ("peft",)),
        ("LoRA for polyps in colonoscopy", "target", ("polyp",)),
        ("Few-shot segmentation of glioma in MRI", "modality", ("mr",)),
        ("Few-shot segmentation of glioma in MRI", "target", ("brain", "tumour")),
        ("Self-prompting in ultrasound", "prompt", ("none",)),
        ("Leveraging foundation models for the spine", "family", ()),  # a model that is used is not made
        ("A foundation model for the spine", "family", ("retraining",)),
        ("Training foundation models for the spine without data", "family", ("retraining",)),
        ("Prompts of pretrained image models", "family", ()),
        ("Are foundation models efficient for the liver?", "family", ("zero-shot",)),
        ("SAM for radiology", "family", ("zero-shot",)),
        ("SAM for few-shot radiology", "family", ("few-shot",)),
        ("Unleashing the potential of SAM in radiology", "family", ()),
        ("Robust segmentation of the liver", "family", ()),
        ("Robustness of prompts", "family", ("uncertainty", "zero-shot")),
        ("Domain-generalized segmentation", "family", ("few-shot",)),
        ("Joint prompts for the liver", "target", ("liver",)),
        ("Scribble-supervised segmentation", "prompt", ()),
        ("Scribbles as prompts", "prompt", ("scribble",)),
        ("From 2D to 3D", "dimension", ("3d",)),
        ("A video foundation model of breast MRI", "dimension", ()),
        ("SAM-Eye2: the eye by the Segment Anything Model 2", "base_model", ("sam2",)),
    ],
)
def test_a_title_has_the_words_that_it_says(title: str, facet: str, words: tuple[str, ...]) -> None:
    assert getattr(derived(title), facet) == words


def test_a_person_s_decision_replaces_one_facet() -> None:
    paper = load_catalog().get("li2024concatenate")
    assert "peft" in derived(paper.title).family
    assert paper.tags.family == ("annotation-efficient", "volumes")
    assert paper.tags.supervision == derived(paper.title).supervision == ("semi",)


def test_the_carried_tags_are_those_of_rules_and_decisions() -> None:
    for paper in load_catalog().papers:
        assert paper.tags == tags_of(paper.key, *paper.titles)


def test_decisions_are_of_papers_and_words_that_exist_and_change_what_the_rules_say() -> None:
    for key, facets in overrides().items():
        told = derived(load_catalog().get(key).title)
        for facet, words in facets.items():
            assert facet in Tags.model_fields
            assert set(words) <= set(vocabulary()[facet])
        assert any(sorted(words) != sorted(getattr(told, facet)) for facet, words in facets.items()), key


def test_no_paper_is_decided_twice() -> None:
    text = resources.files("samaritan.catalog").joinpath("data", "overrides.yaml").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z0-9]+):", text, flags=re.MULTILINE)  # YAML keeps the last of two without a word
    assert len(keys) == len(set(keys)) == len(overrides())


def test_a_work_has_the_words_of_all_its_titles() -> None:
    tags = tags_of("lee2025sam", "LoRA for the liver", "Few-shot segmentation in MRI")
    assert (tags.family, tags.target, tags.modality) == (("few-shot", "peft"), ("liver",), ("mr",))
