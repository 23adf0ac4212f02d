"""The points of both contracts, PromptStrategy's and VolumeStrategy's, over every registered strategy and its options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import PromptSet, UsageError
from samaritan.prompts import PROMPTS, Solid, VolumeStrategy, make_prompt, make_strategy

Mask = NDArray[np.bool_]

NAMES = [
    "box",
    "box:margin=0.1",
    "box:margin=10px",
    "box:jitter=10px",
    "box:jitter=0.1",
    "box:jitter=2-5px",
    "box:jitter=medsam",
    "box:jitter=sam-med2d",
    "box:shift=10-20px",
    "box:margin=0.2,shift=3px,jitter=0.1",
    "box:overlap=0.75",
    "box:overlap=0.5,candidates=quality",
    "boxes",
    "boxes:max=3,margin=2px",
    "point",
    "point:random",
    "point:centroid",
    "point:components=3",
    "points:1",
    "points:5",
    "points:5+5",
    "points:5+5:start=centroid",
    "box+point",
    "box+point:random:jitter=5px",
    "box+clicks:3",
    "box+clicks:4:feedback=none,jitter=5px",
    "clicks:4",
    "clicks:4:feedback=none,start=random,candidates=first",
    "mask",
    "mask:cells=5",
    "mask:grow=-2",
    "mask:cells=1000,grow=2.5",
    "image",
    "none",
    "everything:4",
    "everything:3:quality=0.5,stability=0.9,offset=0.5,nms=0.6",
    *(f"mazurowski:{mode}" for mode in range(1, 6)),
    "mazurowski:3:oracle",
    "huang:S1",
    *(f"huang:S{mode}" for mode in range(2, 7)),
    "huang:S5:single",
]
VOLUMETRIC = [
    "centre-box",
    "centre-box:middle:margin=0.1",
    "centre-box:jitter=3px",
    "boxes-every:1",
    "boxes-every:5",
    "boxes-every:2:shift=1-2px",
    "slices:1",
    "slices:3",
    "slices:3:overlap=0.75",
    "box3d",
    "box3d:margin=2px",
    "line",
    "line:points",
    "points3d:1",
    "points3d:6",
    "points3d:6:start=centre",
    "points3d:6:start=centroid",
    "clicks3d:3",
    "clicks3d:3:start=click",
]
SAME_WHATEVER_THE_SEED = ("centre-box", "boxes-every:1", "boxes-every:5", "slices:1", "slices:3", "box3d", "line")
DETERMINISTIC = ("box", "box:margin=0.1", "boxes", "mask", "image", "none", "everything:4", "mazurowski:5", "huang:S5")


def letter_l() -> Mask:
    """An L in a picture of 40 x 30: swapped axes put its long foot outside the picture or the mask."""
    mask = np.zeros((40, 30), dtype=bool)
    mask[5:38, 3:7] = True
    mask[5:9, 3:25] = True
    return mask


def masks() -> dict[str, Mask]:
    full, pixel, border, rows = (np.zeros(shape, dtype=bool) for shape in ((7, 5), (9, 4), (12, 20), (1, 6)))
    full[:] = True
    pixel[8, 1] = True
    border[0, :] = border[:, 19] = True
    rows[0, 2:5] = True
    pieces = letter_l()
    pieces[30:36, 20:28] = pieces[12, 28] = True
    return {"letter": letter_l(), "full": full, "pixel": pixel, "border": border, "row": rows, "pieces": pieces}


def tell(prompts: list[PromptSet]) -> list[Any]:
    """The prompts as plain values, to compare."""
    return [
        (
            None if p.points is None else (p.points.ijk.tolist(), p.points.labels.tolist()),
            None if p.box is None else (p.box.lo.tolist(), p.box.hi.tolist()),
            None if p.mask is None else (p.mask.frame, p.mask.logits.tolist()),
        )
        for p in prompts
    ]


def check(prompts: list[PromptSet], ref: Mask, shared: bool) -> None:
    """Contract points 1 and 5."""
    for prompt in prompts:
        last = np.array([*ref.shape, 1]) - 1
        if prompt.points is not None:
            places = prompt.points.ijk
            assert (places >= 0).all()
            assert (places <= last).all()
            if not shared:
                values = ref[tuple(places[:, :2].astype(int).T)]
                assert values.tolist() == (prompt.points.labels == 1).tolist()
                assert len(np.unique(places, axis=0)) == len(places)
        if prompt.box is not None:
            assert (prompt.box.lo >= 0).all()
            assert (prompt.box.hi <= last).all()
        if prompt.mask is not None:
            assert prompt.mask.logits.shape == ref.shape
            assert (prompt.mask.logits > 0).any()


def test_every_registered_head_is_tested() -> None:
    assert {name.partition(":")[0] for name in [*NAMES, *VOLUMETRIC]} == set(PROMPTS.names())


@pytest.mark.parametrize("name", [*NAMES, *VOLUMETRIC])
def test_name_makes_the_same_strategy_again(name: str) -> None:
    strategy = make_strategy(name)
    again = make_strategy(strategy.name)
    assert again == strategy
    assert again.name == strategy.name
    assert (again.rounds, again.candidates, again.automatic) == (
        strategy.rounds, strategy.candidates, strategy.automatic,
    )  # fmt: skip
    assert isinstance(strategy, VolumeStrategy) == (name in VOLUMETRIC)
    if not isinstance(again, VolumeStrategy) and not isinstance(strategy, VolumeStrategy):
        assert again.shared == strategy.shared


@pytest.mark.parametrize("case", masks())
@pytest.mark.parametrize("name", NAMES)
def test_prompts_lie_inside(name: str, case: str) -> None:
    strategy, ref = make_prompt(name), masks()[case]
    before = ref.copy()
    for seed in range(3):
        prompts = strategy.first(ref, np.random.default_rng(seed))
        assert prompts
        check(prompts, ref, strategy.shared)
    assert (ref == before).all()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=10)
@given(data=st.data())
def test_prompts_lie_inside_any_mask(name: str, data: st.DataObject) -> None:
    width, height = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    bits = data.draw(st.integers(1, 2 ** (width * height) - 1))
    ref = np.array([bits >> n & 1 for n in range(width * height)], bool).reshape(width, height)
    strategy = make_prompt(name)
    check(strategy.first(ref, np.random.default_rng(bits % 97)), ref, strategy.shared)


@pytest.mark.parametrize("name", NAMES)
def test_empty_reference_asks_nothing(name: str) -> None:
    strategy, empty = make_prompt(name), np.zeros((8, 6), dtype=bool)
    prompts = strategy.first(empty, np.random.default_rng(0))
    assert bool(prompts) == strategy.shared


@pytest.mark.parametrize("name", NAMES)
def test_shared_prompts_do_not_depend_on_the_reference(name: str) -> None:
    strategy, ref = make_prompt(name), letter_l()
    with_target, without = (tell(strategy.first(m, np.random.default_rng(0))) for m in (ref, np.zeros_like(ref)))
    assert (with_target == without) == strategy.shared


@pytest.mark.parametrize("name", NAMES)
def test_seed_decides_alone(name: str) -> None:
    strategy, ref = make_prompt(name), masks()["pieces"]
    told = [tell(strategy.first(ref, np.random.default_rng(seed))) for seed in (3, 3, *range(8))]
    assert told[0] == told[1]
    if name in DETERMINISTIC:
        assert all(answer == told[0] for answer in told)
    if any(word in name for word in ("random", "jitter", "shift", "overlap", "points")):
        assert any(answer != told[0] for answer in told)


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_not_swapped(name: str) -> None:
    """A mask that touches x = 39 in a picture 30 pixels high: what is asked of it, turned, lies in the turned picture."""
    strategy, ref = make_prompt(name), letter_l()
    turned = np.ascontiguousarray(ref.T)
    for mask in (ref, turned):
        for prompt in strategy.first(mask, np.random.default_rng(5)):
            prompt.check_inside(mask.shape)
    if name in DETERMINISTIC and not strategy.shared:
        ahead, across = (tell(strategy.first(m, np.random.default_rng(0)))[0] for m in (ref, turned))
        if ahead[1] is not None:
            assert [corner[:2] for corner in across[1]] == [corner[1::-1] for corner in ahead[1]]
        if ahead[2] is not None:
            assert (np.array(across[2][1]) == np.array(ahead[2][1]).T).all()


@pytest.mark.parametrize("name", NAMES)
def test_rounds_correct_until_nothing_is_wrong(name: str) -> None:
    strategy, ref = make_prompt(name), letter_l()
    rng = np.random.default_rng(0)
    low_res = np.zeros((8, 8), np.float32)
    prompts = strategy.first(ref, rng)
    assert strategy.correct(ref, ref.copy(), low_res, prompts[0], rng) is None
    corrected = strategy.correct(ref, ~ref, low_res, prompts[0], rng)
    assert (corrected is not None) == (strategy.rounds > 1)
    if corrected is not None:
        assert len(prompts) == 1
        assert corrected.points is not None
        assert len(corrected.points) == (len(prompts[0].points) if prompts[0].points else 0) + 1
        assert corrected.box is prompts[0].box
        check([PromptSet(points=corrected.points)], ref, shared=False)


def bodies() -> dict[str, Solid]:
    """Targets in stacks of 40 x 30 pixels with slices 4 mm thick: swapped axes would leave the picture or the mask."""
    stack = np.zeros((40, 30, 12), bool)
    letter, edge, single, pieces = stack.copy(), stack.copy(), stack.copy(), stack.copy()
    letter[..., 2:11] = letter_l()[..., None]
    letter[30:, :, 6:] = False
    edge[0, :, 0] = edge[39, 29, :] = True
    single[39, 0, 11] = True
    pieces[3:9, 20:28, 1:4] = pieces[30:38, 2:6, 7:12] = True
    made = {"letter": letter, "edge": edge, "voxel": single, "pieces": pieces, "picture": letter_l()[..., None]}
    return {name: Solid.of(mask, (1.0, 0.5, 4.0)) for name, mask in made.items()}


def check_slices(prompts: dict[int, PromptSet], ref: Solid) -> None:
    """Contract points 1 and 5."""
    for index, prompt in prompts.items():
        assert 0 <= index < ref.shape[2]
        prompt.check_inside(ref.shape[:2])
        assert prompt.points is not None or prompt.box is not None
        check([PromptSet(prompt.points, prompt.box)], ref.picture(index), shared=False)


def volumetric(name: str) -> VolumeStrategy:
    strategy = make_strategy(name)
    assert isinstance(strategy, VolumeStrategy)
    return strategy


@pytest.mark.parametrize("case", bodies())
@pytest.mark.parametrize("name", VOLUMETRIC)
def test_prompts_in_space_lie_on_slices_of_the_target(name: str, case: str) -> None:
    strategy, ref = volumetric(name), bodies()[case]
    before = ref.crop.copy()
    for seed in range(3):
        prompts = strategy.first(ref, np.random.default_rng(seed))
        assert prompts.keys() <= ref.areas.keys()
        assert strategy.interactions(prompts) >= 1
        check_slices(prompts, ref)
    assert (ref.crop == before).all()


@pytest.mark.parametrize("name", VOLUMETRIC)
@settings(max_examples=10)
@given(data=st.data())
def test_prompts_in_space_lie_inside_any_mask(name: str, data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4)))
    bits = data.draw(st.integers(1, 2 ** int(np.prod(shape)) - 1))
    ref = Solid.of(np.array([bits >> n & 1 for n in range(int(np.prod(shape)))], bool).reshape(shape), (1.0, 2.0, 3.0))
    strategy, rng = volumetric(name), np.random.default_rng(bits % 97)
    check_slices(strategy.first(ref, rng), ref)
    check_slices(strategy.correct(ref, Solid.of(np.zeros(shape, bool)), rng), ref)


@pytest.mark.parametrize("name", VOLUMETRIC)
def test_nothing_is_asked_about_an_empty_volume(name: str) -> None:
    assert volumetric(name).first(Solid.of(np.zeros((8, 6, 4), bool)), np.random.default_rng(0)) == {}


@pytest.mark.parametrize("name", VOLUMETRIC)
def test_the_seed_decides_alone_in_space(name: str) -> None:
    strategy, ref = volumetric(name), bodies()["pieces"]

    def told(seed: int) -> list[Any]:
        asked = strategy.first(ref, np.random.default_rng(seed))
        return [list(asked), tell(list(asked.values()))]

    assert told(3) == told(3)
    drawn = [told(seed) for seed in range(8)]
    if name in SAME_WHATEVER_THE_SEED:
        assert all(one == drawn[0] for one in drawn)
    if any(word in name for word in ("jitter", "shift", "overlap", "points3d:6")):
        assert any(one != drawn[0] for one in drawn)


@pytest.mark.parametrize("name", VOLUMETRIC)
def test_corrections_in_space_end_when_nothing_is_wrong(name: str) -> None:
    strategy, ref, rng = volumetric(name), bodies()["letter"], np.random.default_rng(0)
    assert strategy.correct(ref, ref, rng) == {}
    nothing = Solid.of(np.zeros(ref.shape, bool), ref.spacing)
    corrected = strategy.correct(ref, nothing, rng)
    assert bool(corrected) == (strategy.rounds > 1)
    assert strategy.interactions(corrected) == (1 if corrected else 0)
    check_slices(corrected, ref)


@pytest.mark.parametrize("name", VOLUMETRIC)
def test_a_picture_s_task_refuses_strategies_in_space(name: str) -> None:
    with pytest.raises(UsageError, match="whole volume"):
        make_prompt(name)
