import { describe, expect, it } from "vitest";

import { PLANES, type Triple } from "../../src/viewer/grid";
import { LabelVolume, patchSlice } from "../../src/viewer/labels";
import { byteSlice } from "../../src/viewer/slice";
import type { LabelPatch } from "../../src/viewer/types";
import { seeded, whole } from "./random";

const SHAPE: Triple = [5, 4, 3];

function filled(): Uint8Array {
  return Uint8Array.from({ length: 60 }, (_, i) => i);
}

function randomPatch(random: () => number): LabelPatch {
  const low = SHAPE.map((n) => whole(random, 0, n - 1)) as Triple;
  const shape = SHAPE.map((n, i) => whole(random, 1, n - low[i]!)) as Triple;
  const values = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => whole(random, 1, 255));
  return { low, shape, values };
}

describe("slices", () => {
  // Voxel (i, j, k) holds i + 5 j + 20 k.
  it("run from the patient's right and front in the axial plane", () => {
    const slice = byteSlice(filled(), SHAPE, "axial", 1);
    expect([slice.width, slice.height]).toEqual([5, 4]);
    expect([...slice.data.subarray(0, 5)]).toEqual([39, 38, 37, 36, 35]);
    expect(slice.data.at(-1)).toBe(20);
  });

  it("run from the head in the coronal and the sagittal plane", () => {
    const coronal = byteSlice(filled(), SHAPE, "coronal", 2);
    expect([coronal.width, coronal.height]).toEqual([5, 3]);
    expect([...coronal.data.subarray(0, 5)]).toEqual([54, 53, 52, 51, 50]);
    const sagittal = byteSlice(filled(), SHAPE, "sagittal", 3);
    expect([sagittal.width, sagittal.height]).toEqual([4, 3]);
    expect([...sagittal.data.subarray(0, 4)]).toEqual([58, 53, 48, 43]);
  });
});

describe("patches", () => {
  it("change exactly the voxels of their box", () => {
    const random = seeded(3);
    for (let run = 0; run < 50; run++) {
      const labels = new LabelVolume(SHAPE, filled());
      const patch = randomPatch(random);
      labels.patch(patch);
      const expected = filled();
      let from = 0;
      for (let z = 0; z < patch.shape[2]; z++)
        for (let y = 0; y < patch.shape[1]; y++)
          for (let x = 0; x < patch.shape[0]; x++)
            expected[x + patch.low[0] + 5 * (y + patch.low[1]) + 20 * (z + patch.low[2])] = patch.values[from++]!;
      expect([...labels.data]).toEqual([...expected]);
    }
  });

  it("tell which part of a slice they changed", () => {
    const labels = new LabelVolume(SHAPE, filled());
    expect(labels.changedSince(0, "axial", 1)).toEqual([]);
    labels.patch({ low: [1, 2, 1], shape: [2, 1, 1], values: Uint8Array.of(9, 9) });
    const before = labels.version;
    // Voxels 1 and 2 of 5 are pixels 2 and 3 from the left; row 2 of 4 is row 1 from the top.
    expect(labels.changedSince(0, "axial", 1)).toEqual([{ left: 2, top: 1, right: 4, bottom: 2 }]);
    expect(labels.changedSince(0, "axial", 0)).toEqual([]);
    expect(labels.changedSince(before, "axial", 1)).toEqual([]);
    for (let i = 0; i < 99; i++) labels.patch({ low: [0, 0, 0], shape: [1, 1, 1], values: Uint8Array.of(i) });
    expect(labels.changedSince(before, "axial", 1)).toEqual([{ left: 0, top: 0, right: 5, bottom: 4 }]);
  });

  it.each([
    [[4, 0, 0], [2, 1, 1], 2],
    [[-1, 0, 0], [1, 1, 1], 1],
    [[0, 0, 0], [2, 2, 1], 3],
  ])("at %j of %j with %i values are refused", (low, shape, count) => {
    const labels = new LabelVolume(SHAPE, filled());
    const patch = { low: low as Triple, shape: shape as Triple, values: new Uint8Array(count) };
    expect(() => labels.patch(patch)).toThrow("does not fit a grid of 5 x 4 x 3");
    expect([...labels.data]).toEqual([...filled()]);
  });

  it("have the slices that the array has with them in it", () => {
    const random = seeded(4);
    for (let run = 0; run < 50; run++) {
      const patch = randomPatch(random);
      const labels = new LabelVolume(SHAPE, new Uint8Array(60));
      labels.patch(patch);
      for (const plane of PLANES) {
        for (let index = 0; index < { axial: 3, coronal: 4, sagittal: 5 }[plane]; index++) {
          const slice = patchSlice(SHAPE, patch, plane, index);
          const expected = labels.slice(plane, index);
          if (slice) expect([...slice.data]).toEqual([...expected.data]);
          else expect(expected.data.every((v) => v === 0)).toBe(true);
        }
      }
    }
  });

  it("need an array of the image's size", () => {
    expect(() => new LabelVolume(SHAPE, new Uint8Array(59))).toThrow("59 values, but the image has 60 voxels");
  });
});
