from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from samaritan import citing
from samaritan.citing._scores import score_called, score_names
from samaritan.core.errors import FormatError, InputError, UnknownNameError
from samaritan.evaluate import METRICS, rater_table

HEADER = {
    "base": "litemedsam@256",
    "method": "med-sa",
    "prompts": ["box:jitter=medsam"],
    "data": {"sources": ["cvc-clinicdb", "private"]},
}


@pytest.fixture(autouse=True)
def _nobody_s_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMARITAN_CATALOGUE", str(tmp_path / "none.yaml"))


#: What the method rests on: SAMed, finetune-SAM, and the paper of the low-rank matrices themselves.
LORA = ("zhang2023customized", "gu2024build", "hu2021lora")


#: What every benchmark scores with.
SCORES = {"nikolov2018deep": ("metric nsd",)} | {
    name: (f"metric {name}",) for name in ("dice", "iou", "hd95_mm", "assd_mm", "volume_difference")
}


def cited(*targets: object) -> dict[str, tuple[str, ...]]:
    """key -> what for; this package, which is always last, left out."""
    found = citing.cite(map(str, targets)).references
    assert found[-1].entry.key == "samaritan"
    return {one.entry.key: one.reasons for one in found[:-1]}


def test_names_of_models_methods_prompts_metrics_and_data() -> None:
    assert cited("medsam") == {"ma2023segment": ("model medsam",)}
    assert cited("lora:rank=8") == dict.fromkeys(LORA, ("method lora",))
    assert cited("huang:S6", "mazurowski:3") == {
        "huang2023segment": ("prompt huang:S6",), "mazurowski2023segment": ("prompt mazurowski:3",),
    }  # fmt: skip
    assert cited(*METRICS.names()) == SCORES
    assert cited("CVC ClinicDB", "samples/nuclei") == {
        "cvc-clinicdb": ("data set cvc-clinicdb",), "dsb2018": ("data set dsb2018",),
    }  # fmt: skip
    assert cited("wu2023medical") == {"wu2023medical": ()}


@pytest.mark.parametrize("name", [*score_names(), *(row["title"] for row in rater_table()), "HD95", "hd95", "AVD"])
def test_every_score_that_a_report_prints_rests_on_something(name: str) -> None:
    ((key, reasons),) = cited(name).items()
    assert reasons == (f"metric {score_called(name)}",)
    if "dice" in name.lower():
        assert key == "dice"


def test_statistics_have_names() -> None:
    assert cited("holm", "bootstrap") == {"holm": ("statistics holm",), "bootstrap": ("statistics bootstrap",)}


def test_one_name_of_two_things_is_both() -> None:
    assert cited("sam-med2d") == {"cheng2023samb": ("model sam-med2d", "method sam-med2d")}


def test_a_miniature_is_of_the_paper_on_its_card() -> None:
    assert cited("tiny-litemedsam@64") == {"ma2023segment": ("model tiny-litemedsam",)}


def test_a_paper_that_the_catalogue_lacks_is_what_the_card_says(tmp_path: Path) -> None:
    run = benchmark(tmp_path / "run", ["box"], paper="Somebody's SAM, arXiv 2401.99999")
    found = citing.cite([str(run)]).references[0]
    assert found.text() == "Somebody's SAM. arXiv 2401.99999, 2024. https://arxiv.org/abs/2401.99999"


def test_an_adapter_and_the_folder_of_its_run(tmp_path: Path) -> None:
    file = tmp_path / "adapter.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, file, metadata={"samaritan_adapter": json.dumps(HEADER)})
    expected = {
        "ma2023segment": ("model litemedsam", "prompt box:jitter=medsam"), "wu2023medical": ("method med-sa",),
        "cvc-clinicdb": ("data set cvc-clinicdb",),
    }  # fmt: skip
    assert cited(file) == expected
    assert cited(tmp_path) == expected


def benchmark(folder: Path, prompts: list[str], paper: str = "arXiv 2304.12306") -> Path:
    folder.mkdir()
    provenance = {
        "models": {"medsam" if "12306" in paper else "other": {"paper": paper}}, "adaptations": {},
        "datasets": [{"name": "mine", "sources": ["msd-heart"]}, {"name": "other"}],
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    (folder / "config.yaml").write_text(f"prompts: {json.dumps(prompts)}\n", encoding="utf-8")
    return folder


def test_a_benchmark_and_what_it_compares(tmp_path: Path) -> None:
    one = benchmark(tmp_path / "one", ["box"])
    assert cited(one) == {
        "ma2023segment": ("model medsam",), "msd": ("data set msd-heart",), **SCORES,
        "bootstrap": ("statistics bootstrap",),
    }  # fmt: skip
    two = cited(benchmark(tmp_path / "two", ["box", "mazurowski:1"]))
    assert set(two) - set(cited(one)) == {"mazurowski2023segment", "wilcoxon", "holm"}
    assert citing.cite([str(one)]).notes == ["data set other: nothing to cite is known here."]


def test_a_bakeoff(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.yaml").write_text(
        "methods: [decoder, 'lora:rank=2']\ntrain: {model: medsam, prompts: [box], data: [drive]}\nscore: {prompts: [box]}\n",
        encoding="utf-8",
    )
    assert cited(tmp_path) == {
        "ma2023segment": ("model medsam",), "huang2023segment": ("method decoder",), **dict.fromkeys(LORA, ("method lora",)),
        "drive": ("data set drive",), **SCORES, "bootstrap": ("statistics bootstrap",),
        "wilcoxon": ("statistics wilcoxon",), "holm": ("statistics holm",),
    }  # fmt: skip
    arm = tmp_path / "base"
    arm.mkdir()
    (arm / "raters.jsonl").write_text("", encoding="utf-8")  # several raters drew the test cases
    found = cited(tmp_path)
    assert found["kohl2018probabilistic"] == ("metric ged",)
    assert found["ece"] == ("metric ece",)
    assert found["dice"] == tuple(
        f"metric {name}" for name in ("dice", "dice_max", "dice_match", "soft_dice", "majority_dice")
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (
            "bakeoff.yaml",
            "methods: {lora}\ntrain: {{model: medsam, prompts: {box}, data: {drive}}}\nscore: {{prompts: {box}}}\n",
        ),
        ("dataset.yaml", "name: mine\nsources: {drive}\n"),
    ],
)
def test_a_list_of_one_word_may_be_the_word(tmp_path: Path, name: str, written: str) -> None:
    words = ("lora", "box", "drive")
    found = []
    for form in ("{}", "[{}]"):
        (tmp_path / name).write_text(written.format(**{word: form.format(word) for word in words}), encoding="utf-8")
        found.append(cited(tmp_path))
    assert found[0] == found[1]
    assert found[0]["drive"] == ("data set drive",)


def test_the_record_of_a_mask(tmp_path: Path) -> None:
    record = tmp_path / "a_mask.json"
    record.write_text(json.dumps({"model": {"name": "medsam"}, "adapter": {"method": "lora"}}), encoding="utf-8")
    assert set(cited(record)) == {"ma2023segment", *LORA}


def test_an_unknown_name_has_near_ones() -> None:
    with pytest.raises(
        UnknownNameError, match=r"'medsamm' is no file, folder, model, .* did you mean medsam or medsam2"
    ):
        citing.cite(["medsamm"])
    with pytest.raises(UnknownNameError, match=r"did you mean dice_max or "):
        citing.cite(["dice_maxx"])


@pytest.mark.parametrize(
    ("name", "content", "error", "what"),
    [
        ("a.safetensors", b"\x08\0\0\0\0\0\0\0{}", FormatError, "is damaged, or no adapter"),
        ("a.safetensors", b"", FormatError, "is damaged, or no adapter"),
        ("a.json", b"[]", FormatError, "holds no record"),
        ("a.json", b"{}", InputError, "is no record of a mask"),
        ("a.json", b"{", FormatError, "is damaged"),
        ("a.txt", b"", InputError, "is no adapter .* and no record"),
        ("run/nothing", b"", InputError, "holds no provenance.json"),
        ("run/bakeoff.yaml", b"- a", FormatError, "holds no settings"),
        ("run/bakeoff.yaml", b"a: [", FormatError, "is not valid YAML"),
    ],
)
def test_what_the_package_did_not_write_is_refused(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], what: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(error, match=what):
        citing.cite([str(file if file.parent == tmp_path else file.parent)])


@pytest.mark.parametrize(
    ("provenance", "config"),
    [
        ("[]", "{}"),
        ('{"models": []}', "{}"),
        ('{"models": null}', "{}"),
        ('{"models": {"a": 3}}', "{}"),
        ('{"adaptations": {"a": {}}}', "{}"),
        ('{"datasets": [{"name": {"a": 1}}]}', "{}"),
        ("{}", "prompts: [[a], {b: c}]"),
        ("{}", "[" * 10_000),
        ("[" * 100_000, "{}"),
        ('{"models": {"a\\u001b[31m": {}}}', "{}"),
    ],
)
def test_a_run_whose_record_is_none_is_told(tmp_path: Path, provenance: str, config: str) -> None:
    (tmp_path / "provenance.json").write_text(provenance, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    with pytest.raises(FormatError, match=r"is damaged|is nested deeper") as told:
        citing.cite([str(tmp_path)])
    assert str(told.value).isprintable()
