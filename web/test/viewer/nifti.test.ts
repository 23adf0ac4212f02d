import { describe, expect, it } from "vitest";

import { parseNifti, usualWindow, valueOf } from "../../src/viewer/nifti";

interface Given {
  shape: [number, number, number];
  type: number;
  values: ArrayBufferView;
  slope?: number;
  intercept?: number;
  offset?: number;
}

function nifti1({ shape, type, values, slope = 0, intercept = 0, offset = 352 }: Given): ArrayBuffer {
  const buffer = new ArrayBuffer(offset + values.byteLength);
  const view = new DataView(buffer);
  view.setInt32(0, 348, true);
  [3, ...shape, 1, 1, 1, 1].forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  view.setInt16(70, type, true);
  view.setFloat32(108, offset, true);
  view.setFloat32(112, slope, true);
  view.setFloat32(116, intercept, true);
  new Uint8Array(buffer).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
  return buffer;
}

describe("parseNifti", () => {
  it("reads int16 without a copy, with slope and intercept", () => {
    const buffer = nifti1({
      shape: [2, 3, 1],
      type: 4,
      values: Int16Array.of(-7, 1, 2, 3, 4, 50),
      slope: 2,
      intercept: -1,
    });
    const volume = parseNifti(buffer);
    expect(volume.shape).toEqual([2, 3, 1]);
    expect(volume.data.buffer).toBe(buffer);
    expect([volume.min, volume.max]).toEqual([-15, 99]);
    expect(valueOf(volume, [1, 2, 0])).toEqual([99]);
    expect(valueOf(volume, [0, 1, 0])).toEqual([3]);
  });

  it("turns the range round where the slope is negative", () => {
    const volume = parseNifti(nifti1({ shape: [2, 1, 1], type: 2, values: Uint8Array.of(0, 10), slope: -1 }));
    expect([volume.min, volume.max]).toEqual([-10, 0]);
  });

  it("reads colours", () => {
    const volume = parseNifti(nifti1({ shape: [2, 1, 1], type: 128, values: Uint8Array.of(1, 2, 3, 4, 5, 6) }));
    expect(volume.channels).toBe(3);
    expect(valueOf(volume, [1, 0, 0])).toEqual([4, 5, 6]);
    expect(usualWindow(volume)).toEqual([0, 255]);
  });

  it("reads voxels that do not lie on a whole number of their bytes", () => {
    const buffer = nifti1({ shape: [2, 1, 1], type: 64, values: Float64Array.of(1.5, 2.5), offset: 356 });
    expect([...parseNifti(buffer).data]).toEqual([1.5, 2.5]);
  });

  it("does not count what is not a number", () => {
    const volume = parseNifti(nifti1({ shape: [4, 1, 1], type: 16, values: Float32Array.of(NaN, 3, -Infinity, 8) }));
    expect([volume.min, volume.max]).toEqual([3, 8]);
    expect(usualWindow(volume)).toEqual([3, 8]);
  });

  it("reads NIfTI-2", () => {
    const buffer = new ArrayBuffer(544 + 4);
    const view = new DataView(buffer);
    view.setInt32(0, 540, true);
    view.setInt16(12, 512, true);
    [3n, 2n, 1n, 1n].forEach((n, i) => view.setBigInt64(16 + 8 * i, n, true));
    view.setBigInt64(168, 544n, true);
    view.setFloat64(176, 1, true);
    view.setUint16(544, 60000, true);
    const volume = parseNifti(buffer);
    expect(volume.shape).toEqual([2, 1, 1]);
    expect(volume.max).toBe(60000);
  });

  it.each([
    [nifti1({ shape: [9, 1, 1], type: 2, values: Uint8Array.of(1) }), "353 bytes, but its header says 361"],
    [nifti1({ shape: [1, 1, 1], type: 32, values: Float64Array.of(1) }), "NIfTI data type 32"],
    [new TextEncoder().encode("<html>").buffer, "not a little-endian"],
  ])("says what is wrong (%#)", (buffer, sentence) => {
    expect(() => parseNifti(buffer as ArrayBuffer)).toThrow(sentence);
  });
});

describe("usualWindow", () => {
  it("leaves out the extremes", () => {
    const values = Int16Array.from({ length: 10_000 }, (_, i) => (i === 7 ? 30_000 : i % 100));
    const volume = parseNifti(nifti1({ shape: [100, 100, 1], type: 4, values }));
    expect(usualWindow(volume)).toEqual([0, 99]);
    expect(volume.max).toBe(30_000);
  });

  it("has a width even where all voxels are alike", () => {
    const volume = parseNifti(nifti1({ shape: [3, 1, 1], type: 4, values: Int16Array.of(5, 5, 5) }));
    expect(usualWindow(volume)).toEqual([5, 6]);
  });
});
