from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samaritan.annotate.engine.requests import CaseAnswer, CaseQuestion, ImageRef
from samaritan.annotate.learn._child import Child
from samaritan.annotate.learn.improver import Improver, ImproverSettings
from samaritan.annotate.messages import CaseSummary, ExportedSet, Label, LearnRequest, LearnState, ModelState
from samaritan.core import InputError, ModelError, UsageError

READY = {
    "state": "ready", "before": 0.5, "after": 0.75, "validation": 1, "sentence": "Better.", "adapter": "x", "steps": 2,
}  # fmt: skip

#: Of the real one, before a scene takes its place.
START = Child.start


class Opened:
    def __init__(self, case: str) -> None:
        self.image_ref = ImageRef(case, Path(f"{case}.png"))


class Workspace:
    """Five cases, three of them accepted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.labels = (Label(name="organ", colour="#112233"),)
        self.uncertain: dict[str, float] = {}
        self.proposed: dict[str, Mapping[str, Any]] = {}
        self.ids = ["a", "b", "c"]
        self.dropped = 0
        self.checked = 0
        self.skipped: tuple[str, ...] = ()

    def summaries(self) -> list[CaseSummary]:
        rows = []
        for case in "abcdef":
            status: Any = "accepted" if case in self.ids else "skipped" if case == "f" else "open"
            rows.append(
                CaseSummary(
                    case=case, name=case, status=status, volume=False, objects=0, revision=0,
                    uncertainty=self.uncertain.get(case),
                )
            )  # fmt: skip
        return rows

    def summary(self, case: str) -> CaseSummary:
        (row,) = (one for one in self.summaries() if one.case == case)
        return row.model_copy(update={"proposal": case in self.proposed})

    def document(self, case: str) -> Opened:
        if case == "bad":
            raise InputError("It cannot be read.")
        return Opened(case)

    def accepted(self) -> list[str]:
        return self.ids

    def check_accepted(self) -> None:
        self.checked += 1

    def export_dataset(self) -> ExportedSet:
        assert self.checked
        return ExportedSet(folder=str(self.folder / "dataset"), cases=len(self.ids), skipped=self.skipped)

    def set_uncertainty(self, case: str, value: float) -> None:
        self.uncertain[case] = value

    def set_proposal(self, case: str, masks: Mapping[str, Any]) -> None:
        self.proposed[case] = masks

    def drop_proposals(self) -> None:
        self.dropped += 1


class Engine:
    def __init__(self) -> None:
        self.used: list[Path | None] = []
        self.asked: list[CaseQuestion] = []
        self.fails = False
        self.state = ModelState(name="tiny-litemedsam", adapter=None, state="ready")

    async def propose(self, question: CaseQuestion) -> CaseAnswer:
        await asyncio.sleep(0)
        self.asked.append(question)
        if self.fails:
            raise ModelError("The model fell over.")
        return CaseAnswer({"organ": np.ones((2, 2, 1), bool)}, 0.25, 0.1)

    async def use(self, adapter: Path | None) -> None:
        if self.fails:
            raise ModelError("The model fell over.")
        assert adapter is None or adapter.is_file()
        self.used.append(adapter)


class Scene:
    """An improver whose training process is a script that says the given lines."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: Any, then: str = "") -> None:
        self.folder = folder
        self.workspace, self.engine = Workspace(folder), Engine()
        self.states: list[LearnState] = []
        settings = ImproverSettings(folder, "tiny-litemedsam")
        self.told: list[CaseSummary] = []
        self.improver = Improver(self.workspace, self.engine, settings, self.states.append, self.told.append)
        script = f"""
import json, pathlib, sys, time
out = pathlib.Path({str(folder)!r}) / ".samaritan/learn/run"
out.mkdir(parents=True)
(out / "adapter.safetensors").write_text("weights")
for line in json.loads({json.dumps(json.dumps(lines))}):
    print(json.dumps(line), flush=True)
{then}
"""

        async def started(command: Any) -> Child:
            self.command = command
            return await START([sys.executable, "-c", script])

        monkeypatch.setattr(Child, "start", started)

    async def act(self, action: Any, *, wait: bool = True) -> LearnState:
        await self.improver.act(LearnRequest(action=action))
        if wait:
            await self.improver.wait()
        return self.improver.state

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(state.state for state in self.states))


def test_start_keep_and_propose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = {"state": "training", "step": 1, "steps": 2, "seconds_left": 3.0}
    scene = Scene(tmp_path, monkeypatch, training, {"state": "validating"}, READY)

    async def work() -> None:
        state = await scene.act("start")
        assert (state.state, state.before, state.after, state.validation) == ("ready", 0.5, 0.75, 1)
        assert state.seconds_left is None
        assert scene.engine.used == []
        state = await scene.act("keep")
        assert state.state == "idle"
        assert state.sentence == "Masks were proposed for 2 cases."

    asyncio.run(work())
    assert scene.names == ["training", "validating", "ready", "proposing", "idle"]
    assert scene.command[1:3] == ["-m", "samaritan.annotate.learn"]
    kept = tmp_path / "adapters" / "001" / "adapter.safetensors"
    assert kept.is_file()
    assert scene.engine.used == [kept]
    assert scene.improver.adapter == kept
    assert sorted(scene.workspace.proposed) == ["d", "e"]
    assert [(row.case, row.proposal, row.uncertainty) for row in scene.told] == [("d", True, 0.25), ("e", True, 0.25)]
    assert scene.workspace.uncertain == {"d": 0.25, "e": 0.25}
    assert scene.workspace.dropped == 1
    assert [question.names for question in scene.engine.asked] == [("organ",)] * 2


def test_what_could_not_be_learned_from_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)
    scene.workspace.skipped = ("a: a.nii is damaged.", "b: b.nii is damaged.", "c: c.nii is damaged.")
    state = asyncio.run(scene.act("start"))
    assert state.sentence == "Better. Left out: a: a.nii is damaged, and 2 more."


def test_no_sentence_says_where_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"state": "failed", "sentence": f"{tmp_path}/dataset/images/a.png is damaged."}
    scene = Scene(tmp_path, monkeypatch, failed)
    assert asyncio.run(scene.act("start")).sentence == "dataset/images/a.png is damaged."


def test_the_most_uncertain_case_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)
    scene.workspace.uncertain = {"d": 0.1, "e": 0.9}

    async def work() -> None:
        await scene.act("start")
        await scene.act("keep")

    asyncio.run(work())
    assert [question.image.key for question in scene.engine.asked] == ["e", "d"]


def test_discard_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)

    async def work() -> LearnState:
        await scene.act("start")
        return await scene.act("discard")

    state = asyncio.run(work())
    assert (state.state, state.before, state.sentence) == ("idle", None, "The new model was discarded.")
    assert not (tmp_path / "adapters").exists()
    assert not (tmp_path / ".samaritan" / "learn").exists()
    assert scene.engine.used == []


def test_stop_ends_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, {"state": "training", "step": 1, "steps": 9}, then="time.sleep(600)")

    async def work() -> LearnState:
        await scene.act("start", wait=False)
        while scene.improver.state.step == 0:
            await asyncio.sleep(0.01)
        return await scene.act("stop")

    state = asyncio.run(asyncio.wait_for(work(), 60))
    assert state.state == "idle"
    assert "stopped" in state.sentence
    assert scene.engine.used == []


def test_a_training_that_fails_or_falls_over_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Scene(tmp_path / "a", monkeypatch, {"state": "failed", "sentence": "All are of one patient."})
    state = asyncio.run(refused.act("start"))
    assert (state.state, state.sentence) == ("failed", "All are of one patient.")
    fallen = Scene(tmp_path / "b", monkeypatch, then="sys.exit('memory ran out')")
    state = asyncio.run(fallen.act("start"))
    assert state.state == "failed"
    assert "memory ran out" in state.sentence


def test_what_cannot_be_done_now_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)

    async def work() -> None:
        with pytest.raises(UsageError, match="no new model to keep"):
            await scene.act("keep")
        with pytest.raises(UsageError, match="no new model to discard"):
            await scene.act("discard")
        with pytest.raises(UsageError, match="let Improve train it first"):
            await scene.act("propose")
        await scene.act("start", wait=False)
        with pytest.raises(UsageError, match="is training just now"):
            await scene.act("start")
        await scene.improver.wait()
        with pytest.raises(UsageError, match="waits for a decision"):
            await scene.act("start")
        await scene.act("discard")
        scene.workspace.ids = ["a", "b"]
        with pytest.raises(UsageError, match="needs 3 of them; there are 2"):
            await scene.act("start")

    asyncio.run(work())


def test_a_model_that_cannot_be_used_can_be_kept_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)

    async def work() -> LearnState:
        await scene.act("start")
        scene.engine.fails = True
        with pytest.raises(ModelError):
            await scene.act("keep")
        assert scene.improver.state.state == "ready"
        scene.engine.fails = False
        return await scene.act("keep")

    assert asyncio.run(work()).state == "idle"
    assert len(scene.engine.used) == 1


def test_what_nobody_decided_on_waits_for_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Scene(tmp_path, monkeypatch, {"state": "training", "step": 1, "steps": 2}, READY)
    before = asyncio.run(first.act("start"))
    again = Scene(tmp_path, monkeypatch)
    assert again.improver.state == before
    assert (before.state, before.before, before.after) == ("ready", 0.5, 0.75)
    assert asyncio.run(again.act("keep")).state == "idle"
    assert again.engine.used == [tmp_path / "adapters" / "001" / "adapter.safetensors"]
    assert Scene(tmp_path, monkeypatch).improver.state.state == "idle"


def test_damaged_or_empty_leftovers_are_nothing_to_decide_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(Scene(tmp_path, monkeypatch, READY).act("start"))
    place = tmp_path / ".samaritan" / "learn"
    text = (place / "ready.json").read_text()
    (place / "ready.json").write_text(text[:-5])
    assert Scene(tmp_path, monkeypatch).improver.state.state == "idle"
    (place / "ready.json").write_text(text)
    (place / "run" / "adapter.safetensors").unlink()
    assert Scene(tmp_path, monkeypatch).improver.state.state == "idle"


def test_a_case_that_cannot_be_asked_does_not_keep_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch, READY)
    asked = scene.engine.propose

    async def propose(question: CaseQuestion) -> CaseAnswer:
        if question.image.key == "d":
            raise ModelError("Too large.")
        return await asked(question)

    scene.engine.propose = propose  # type: ignore[method-assign]

    async def work() -> LearnState:
        await scene.act("start")
        return await scene.act("keep")

    assert asyncio.run(work()).sentence == "Masks were proposed for 1 case. 1 could not be asked."
    assert list(scene.workspace.proposed) == ["e"]
    assert [(row.case, row.proposal) for row in scene.told] == [("d", False), ("e", True)]


def test_importing_it_does_not_import_torch() -> None:
    import subprocess

    code = "import sys, samaritan.annotate.learn.improver; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
