"""Against implementations of others: equal where the definition is the same, in a proven relation where it is not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.evaluate import MaskPair, evaluate

sitk: Any = pytest.importorskip("SimpleITK")  # Any: the library has no types

Blobs = Callable[..., tuple[np.ndarray, np.ndarray]]

SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.9, 3.1)]
SHAPES = [(40, 36, 28), (64, 50, 1)]
CASES = [pytest.param(seed, shape, spacing) for seed, shape in enumerate(SHAPES * 3) for spacing in SPACINGS]


def _squeeze(pred: np.ndarray, ref: np.ndarray, spacing: tuple[float, ...]) -> tuple[Any, ...]:
    """Without the axis of length 1, which the other libraries would give a surface."""
    if pred.shape[2] > 1:
        return pred, ref, spacing
    return pred[..., 0], ref[..., 0], spacing[:2]


@pytest.mark.filterwarnings("ignore:monai.metrics.utils get_mask_edges:FutureWarning")  # MONAI calls itself the old way
class TestMonai:
    """MONAI has our definitions, in float32; that of NSD where it is told to use subvoxels."""

    @pytest.fixture
    def metrics(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what MONAI imports warns about itself
            return pytest.importorskip("monai.metrics")

    @pytest.mark.parametrize(("seed", "shape", "spacing"), CASES)
    def test_smooth(self, metrics: Any, blobs: Blobs, seed: int, shape: Any, spacing: Any) -> None:
        self._agree(metrics, *blobs(seed, shape), spacing)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_noise_that_touches_the_edge(self, metrics: Any, shape: tuple[int, int, int]) -> None:
        rng = np.random.default_rng(5)
        self._agree(metrics, rng.random(shape) < 0.2, rng.random(shape) < 0.1, (0.8, 1.3, 2.2))

    def _agree(self, metrics: Any, pred: np.ndarray, ref: np.ndarray, spacing: Any) -> None:
        import torch

        ours = evaluate(pred=pred, ref=ref, spacing=spacing, nsd_tolerance=1.6)
        p, r, spacing = _squeeze(pred, ref, spacing)
        tensors = torch.from_numpy(p.copy())[None, None].float(), torch.from_numpy(r.copy())[None, None].float()
        near = {"include_background": True, "spacing": list(spacing)}
        theirs = {
            "dice": metrics.DiceMetric()(*tensors),
            "iou": metrics.compute_iou(*tensors),
            "nsd": metrics.compute_surface_dice(*tensors, class_thresholds=[1.6], use_subvoxels=True, **near),
            "hd95_mm": metrics.compute_hausdorff_distance(*tensors, percentile=95, **near),
            "assd_mm": metrics.compute_average_surface_distance(*tensors, symmetric=True, **near),
        }
        assert {name: float(value) for name, value in theirs.items()} == pytest.approx(
            {name: ours[name] for name in theirs}, rel=2e-6
        )


class TestSimpleITK:
    @pytest.mark.parametrize(("seed", "shape", "spacing"), CASES)
    def test_overlap_is_equal(self, blobs: Blobs, seed: int, shape: Any, spacing: Any) -> None:
        pred, ref = blobs(seed, shape)
        ours = evaluate(pred=pred, ref=ref, spacing=spacing)
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(_image(ref, spacing), _image(pred, spacing))
        assert ours["dice"] == pytest.approx(overlap.GetDiceCoefficient(1), abs=1e-12)
        assert ours["iou"] == pytest.approx(overlap.GetJaccardCoefficient(1), abs=1e-12)

    @pytest.mark.parametrize(("seed", "shape", "spacing"), CASES)
    def test_distances_to_its_contour_are_equal(self, blobs: Blobs, seed: int, shape: Any, spacing: Any) -> None:
        """Contour across faces, then its distance map, read at the other contour."""
        pred, ref = blobs(seed, shape)
        ours = MaskPair.of(pred=pred, ref=ref, spacing=spacing).surface_distances
        p, r, spacing = _squeeze(pred, ref, spacing)
        contours = [sitk.BinaryContour(_image(mask, spacing), False, 0, 1) for mask in (p, r)]
        borders = [sitk.GetArrayFromImage(contour).T > 0 for contour in contours]
        maps = [
            sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(contour, False, False, True)).T for contour in contours
        ]
        for mine, border, distance in ((ours[0], borders[0], maps[1]), (ours[1], borders[1], maps[0])):
            np.testing.assert_allclose(np.sort(mine), np.sort(np.maximum(distance[border], 0)), atol=1e-5)

    def test_its_hausdorff_distance_is_between_sets_not_surfaces(self) -> None:
        """Equal for convex objects; for a ball inside a hollow shell ITK also measures from the ball's centre."""
        shape, spacing = (40, 40, 40), (1.0, 1.5, 2.0)
        pred, ref = np.zeros(shape, bool), np.zeros(shape, bool)
        pred[8:20, 9:30, 10:22], ref[10:26, 8:26, 12:30] = True, True
        assert _itk_hausdorff(pred, ref, spacing) == pytest.approx(_hausdorff(pred, ref, spacing))
        radius = np.sqrt(np.sum((np.indices(shape) - 20) ** 2, axis=0))
        ball, shell = radius <= 10, (radius > 12) & (radius <= 14)
        assert _hausdorff(ball, shell, (1, 1, 1)) < 6
        assert _itk_hausdorff(ball, shell, (1, 1, 1)) > 12


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("surface_distance")


class TestSurfaceDistance:
    """NSD is equal. For distances its surface lies on voxel corners, half a voxel diagonal from ours, and is weighed by area.

    Every corner between mask and background touches a border voxel and every border voxel such a corner, so each surface lies
    within half a diagonal of the other kind, and the Hausdorff distances (100 %) within a whole one.
    """

    @pytest.mark.parametrize(("seed", "shape", "spacing"), CASES)
    @pytest.mark.filterwarnings("ignore:Please (use|import) `:DeprecationWarning")
    def test_smooth(self, library: Any, blobs: Blobs, seed: int, shape: Any, spacing: Any) -> None:
        pred, ref = blobs(seed, shape)
        ours = evaluate(pred=pred, ref=ref, spacing=spacing, nsd_tolerance=2.0)
        p, r, sizes = _squeeze(pred, ref, spacing)
        found = library.compute_surface_distances(r, p, sizes)
        diagonal = float(np.linalg.norm(sizes))
        hausdorff = library.compute_robust_hausdorff(found, 100)
        assert abs(hausdorff - _hausdorff(pred, ref, spacing)) <= diagonal + 1e-9
        assert abs(library.compute_robust_hausdorff(found, 95) - ours["hd95_mm"]) <= diagonal
        averages = library.compute_average_surface_distance(found)
        assert abs(sum(averages) / 2 - ours["assd_mm"]) <= diagonal / 2
        assert library.compute_surface_dice_at_tolerance(found, 2.0) == pytest.approx(ours["nsd"], abs=1e-12)

    @settings(max_examples=30)
    @given(
        seed=st.integers(0, 2**32 - 1),
        density=st.floats(0.01, 0.9),
        tolerance=st.floats(0, 8),
        spacing=st.tuples(*[st.floats(0.3, 6)] * 3),
        shape=st.sampled_from([(9, 8, 7), (12, 11, 1), (5, 12, 2)]),
    )
    @pytest.mark.filterwarnings("ignore:Please (use|import) `:DeprecationWarning")
    def test_nsd_of_noise_that_touches_the_edge(
        self, library: Any, seed: int, density: float, tolerance: float, spacing: Any, shape: tuple[int, int, int]
    ) -> None:
        rng = np.random.default_rng(seed)
        pred, ref = (rng.random(shape) < density for _ in range(2))
        pred[0, 0], ref[-1, -1] = True, True
        p, r, sizes = _squeeze(pred, ref, spacing)
        found = library.compute_surface_distances(r, p, sizes)
        ours = evaluate(pred=pred, ref=ref, spacing=spacing, nsd_tolerance=tolerance, metrics=["nsd"])["nsd"]
        assert library.compute_surface_dice_at_tolerance(found, tolerance) == pytest.approx(ours, abs=1e-9)

    @pytest.mark.filterwarnings("ignore:Please (use|import) `:DeprecationWarning")
    def test_a_shifted_box_is_equally_far_in_both(self, library: Any) -> None:
        pred = np.zeros((40, 30, 20), bool)
        pred[5:25, 5:25, 5:15] = True
        ref = np.roll(pred, 6, axis=0)
        found = library.compute_surface_distances(ref, pred, (0.5, 0.5, 2.0))
        assert library.compute_robust_hausdorff(found, 100) == pytest.approx(3)
        assert _hausdorff(pred, ref, (0.5, 0.5, 2.0)) == pytest.approx(3)
        assert library.compute_surface_dice_at_tolerance(found, 3.0) == 1
        assert evaluate(pred=pred, ref=ref, spacing=(0.5, 0.5, 2.0), nsd_tolerance=3.0)["nsd"] == 1


def _image(mask: np.ndarray, spacing: tuple[float, ...]) -> Any:
    image = sitk.GetImageFromArray(mask.T.astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing])
    return image


def _hausdorff(pred: np.ndarray, ref: np.ndarray, spacing: tuple[float, float, float]) -> float:
    there, back = MaskPair.of(pred=pred, ref=ref, spacing=spacing).surface_distances
    return float(max(there.max(), back.max()))


def _itk_hausdorff(pred: np.ndarray, ref: np.ndarray, spacing: tuple[float, float, float]) -> float:
    measure = sitk.HausdorffDistanceImageFilter()
    measure.Execute(_image(pred, spacing), _image(ref, spacing))
    return float(measure.GetHausdorffDistance())
