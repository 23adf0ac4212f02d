"""No WebGL, WebGL that goes away, an image that cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.annotate.viewer.conftest import Stage

pytestmark = pytest.mark.browser  # a browser's loop would stay in the process of other tests

WITHOUT_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
};
"""
LOSE = """
() => {
  const canvas = document.querySelector("#host canvas");
  window.loser = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  window.loser.loseContext();
}
"""


def add_noise(stage: Stage) -> None:
    voxels = np.random.default_rng(5).integers(0, 255, (30, 30, 10)).astype(np.uint8)
    stage.add("noise", voxels, np.diag([1.0, 1, 3, 1]))


def test_without_webgl_the_canvas_viewer_is_used(new_stage: Callable[..., Any]) -> None:
    with new_stage("", script=WITHOUT_WEBGL) as stage:
        add_noise(stage)
        stage.open("noise")
        assert stage.viewer("name") == "canvas"
        assert stage.pixels()[200:400, 200:400].std() > 50
        assert stage.problems == []


def test_image_stays_when_webgl_goes_away_and_webgl_comes_back(new_stage: Callable[..., Any]) -> None:
    with new_stage("") as stage:
        add_noise(stage)
        stage.open("noise")
        before = stage.pixels()
        assert stage.viewer("name") == "niivue"
        stage.page.evaluate(LOSE)
        during = stage.pixels()
        assert stage.viewer("name") == "canvas"
        stage.page.evaluate("loser.restoreContext()")
        stage.page.evaluate("async () => { while (harness.viewer.name !== 'niivue') await harness.frame(); }")
        after = stage.pixels()
        # An edge of a voxel in the very middle of a pixel may fall to either side.
        assert (before != during).mean() < 0.02
        assert (before == after).all()
        assert stage.run("lost") == 0
        assert stage.problems == []


def test_page_is_told_when_webgl_does_not_come_back(new_stage: Callable[..., Any]) -> None:
    with new_stage("", script="const set = setTimeout; setTimeout = (f, ms) => set(f, ms / 100);") as stage:
        add_noise(stage)
        stage.open("noise")
        stage.page.evaluate(LOSE)
        stage.page.evaluate("async () => { while (harness.lost === 0) await harness.frame(); }")
        assert stage.viewer("name") == "canvas"
        stage.open("noise")  # and the next case opens as well
        assert stage.pixels()[200:400, 200:400].std() > 50


def failure(stage: Stage, code: str) -> str:
    """The sentence with which a promise is rejected."""
    sentence: str = stage.page.evaluate(
        f"async () => {{ try {{ await harness.{code}; }} catch (e) {{ return e.message; }} }}"
    )
    return sentence


def test_load_says_what_is_wrong(stage: Stage) -> None:
    add_noise(stage)
    stage.open("noise")
    before = stage.pixels()
    stage.add("short", np.zeros((4, 4, 4), np.uint8), np.eye(4), shape=(4, 4, 5))
    assert failure(stage, "open('short')") == "The image has 4 x 4 x 4 voxels; announced were 4 x 4 x 5."
    stage.add("unlabelled", np.zeros((4, 4, 4), np.uint8), np.eye(4), np.zeros((4, 4, 3), np.uint8))
    assert "48 values, but the image has 64 voxels" in failure(stage, "open('unlabelled')")
    (stage.folder / "broken.json").write_text((stage.folder / "noise.json").read_text())
    (stage.folder / "broken.labels").write_bytes(bytes(9000))
    (stage.folder / "broken.nii").write_bytes((stage.folder / "noise.nii").read_bytes()[:5000])
    assert "5000 bytes, but its header says 9352" in failure(stage, "open('broken')")
    (stage.folder / "gone.json").write_text((stage.folder / "noise.json").read_text())
    (stage.folder / "gone.labels").write_bytes(bytes(9000))
    assert "the server answered 404" in failure(stage, "open('gone')")
    assert (stage.pixels() == before).all()
    stage.problems.clear()  # the browser's own line about the 404


def test_later_load_takes_the_place_of_an_earlier_one(stage: Stage) -> None:
    add_noise(stage)
    stage.add("dark", np.zeros((30, 30, 10), np.uint8), np.diag([1.0, 1, 3, 1]))
    names = stage.page.evaluate(
        """async () => {
             const [noise, dark] = [await harness.find("noise"), await harness.find("dark")];
             const both = [harness.viewer.load(...noise), harness.viewer.load(...dark)];
             return (await Promise.allSettled(both)).map((one) => one.reason?.name ?? "shown");
           }"""
    )
    assert names == ["AbortError", "shown"]
    stage.viewer("setWindow(0, 255)")
    assert stage.pixels()[200:270, 200:270].max() == 0


def test_image_larger_than_a_texture_is_shown_all_the_same(new_stage: Callable[..., Any]) -> None:
    with new_stage("") as stage:
        side = stage.page.evaluate("document.createElement('canvas').getContext('webgl2').getParameter(0x0d33)") + 1
        voxels = np.zeros((side, 12, 1), np.uint8)
        voxels[side // 2 :] = 255
        stage.add("long", voxels, np.eye(4), unit="px")
        add_noise(stage)
        stage.open("long")
        stage.viewer("zoom(64)")
        assert stage.viewer("name") == "canvas"
        pixels = stage.pixels()
        assert pixels[300, 400].tolist() == [255] * 3
        assert pixels[300, 500].tolist() == [0] * 3
        stage.open("noise")
        assert stage.viewer("name") == "niivue"


def test_a_viewer_leaves_nothing_behind(new_stage: Callable[..., Any]) -> None:
    with new_stage("") as stage:
        add_noise(stage)
        stage.open("noise")
        stage.viewer("dispose()")
        assert stage.page.evaluate("document.querySelector('#host').childElementCount") == 0
        assert stage.problems == []


@pytest.mark.parametrize("name", ["niivue", "canvas"])
def test_theme_changes_what_surrounds_the_image(new_stage: Callable[..., Any], name: str) -> None:
    with new_stage(name) as stage:
        add_noise(stage)
        stage.open("noise")
        dark = stage.pixels()[590, 560]
        stage.viewer("setTheme('light')")
        light = stage.pixels()[590, 560]
        assert light.mean() > dark.mean()
