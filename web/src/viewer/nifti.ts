// The uncompressed single-file NIfTI-1 or -2 that the server makes. Its voxels are used where they lie in the received
// bytes, without a copy: a large volume is in this tab's memory once.

import type { Triple } from "./grid";

export type Voxels =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

export interface Volume {
  shape: Triple;
  channels: 1 | 3 | 4;
  data: Voxels; // channels fastest, then the first axis
  slope: number; // grey value = slope * stored + intercept
  intercept: number;
  min: number;
  max: number;
}

type Make = (buffer: ArrayBuffer, offset: number, count: number) => Voxels;

const TYPES: Record<number, { bytes: number; channels: 1 | 3 | 4; make: Make }> = {
  2: { bytes: 1, channels: 1, make: (b, o, n) => new Uint8Array(b, o, n) },
  4: { bytes: 2, channels: 1, make: (b, o, n) => new Int16Array(b, o, n) },
  8: { bytes: 4, channels: 1, make: (b, o, n) => new Int32Array(b, o, n) },
  16: { bytes: 4, channels: 1, make: (b, o, n) => new Float32Array(b, o, n) },
  64: { bytes: 8, channels: 1, make: (b, o, n) => new Float64Array(b, o, n) },
  128: { bytes: 1, channels: 3, make: (b, o, n) => new Uint8Array(b, o, n) },
  256: { bytes: 1, channels: 1, make: (b, o, n) => new Int8Array(b, o, n) },
  512: { bytes: 2, channels: 1, make: (b, o, n) => new Uint16Array(b, o, n) },
  768: { bytes: 4, channels: 1, make: (b, o, n) => new Uint32Array(b, o, n) },
  2304: { bytes: 1, channels: 4, make: (b, o, n) => new Uint8Array(b, o, n) },
};

interface Header {
  shape: Triple;
  type: number;
  offset: number;
  slope: number;
  intercept: number;
}

export function parseNifti(buffer: ArrayBuffer): Volume {
  const header = readHeader(new DataView(buffer));
  const type = TYPES[header.type];
  if (!type) throw new Error(`The image has the NIfTI data type ${header.type}, which this viewer cannot show.`);
  const count = header.shape[0] * header.shape[1] * header.shape[2] * type.channels;
  const end = header.offset + count * type.bytes;
  if (buffer.byteLength < end) {
    throw new Error(`The image has ${buffer.byteLength} bytes, but its header says ${end}; load it again.`);
  }
  const aligned = header.offset % type.bytes === 0;
  const bytes = aligned ? buffer : buffer.slice(header.offset, end);
  const data = type.make(bytes, aligned ? header.offset : 0, count);
  const scaled = header.slope !== 0 && Number.isFinite(header.slope) && type.channels === 1;
  const [slope, intercept] = scaled ? [header.slope, header.intercept] : [1, 0];
  const [low, high] = type.channels === 1 ? range(data) : [0, 255];
  const ends = [low * slope + intercept, high * slope + intercept];
  return {
    shape: header.shape,
    channels: type.channels,
    data,
    slope,
    intercept,
    min: Math.min(...ends),
    max: Math.max(...ends),
  };
}

function readHeader(view: DataView): Header {
  if (view.byteLength >= 348 && view.getInt32(0, true) === 348) {
    return {
      shape: [42, 44, 46].map((at) => Math.max(1, view.getInt16(at, true))) as Triple,
      type: view.getInt16(70, true),
      offset: view.getFloat32(108, true),
      slope: view.getFloat32(112, true),
      intercept: view.getFloat32(116, true),
    };
  }
  if (view.byteLength >= 540 && view.getInt32(0, true) === 540) {
    const long = (at: number) => Number(view.getBigInt64(at, true));
    return {
      shape: [24, 32, 40].map((at) => Math.max(1, long(at))) as Triple,
      type: view.getInt16(12, true),
      offset: long(168),
      slope: view.getFloat64(176, true),
      intercept: view.getFloat64(184, true),
    };
  }
  throw new Error("The server's image is not a little-endian, uncompressed NIfTI file.");
}

// Least and greatest finite value.
function range(data: Voxels): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (v < low && v !== -Infinity) low = v;
    if (v > high && v !== Infinity) high = v;
  }
  return low <= high ? [low, high] : [0, 1];
}

// A window that shows most of the image: percentiles 0.5 and 99.5 of about 200 000 voxels.
export function usualWindow(volume: Volume): [number, number] {
  if (volume.channels !== 1) return [0, 255];
  // Odd, so that the sample does not stay in a few columns.
  const step = Math.floor(volume.data.length / 200_003) | 1;
  const sample: number[] = [];
  for (let i = 0; i < volume.data.length; i += step) {
    if (Number.isFinite(volume.data[i]!)) sample.push(volume.data[i]!);
  }
  const sorted = Float64Array.from(sample).toSorted();
  const at = (part: number) => (sorted[Math.round(part * (sorted.length - 1))] ?? 0) * volume.slope + volume.intercept;
  const ends = [at(0.005), at(0.995)].toSorted((a, b) => a - b) as [number, number];
  if (ends[1] > ends[0]) return ends;
  return volume.max > volume.min ? [volume.min, volume.max] : [volume.min, volume.min + 1];
}

// The grey value (or the colour) of a voxel.
export function valueOf(volume: Volume, voxel: Triple): number[] {
  const [nx, ny] = volume.shape;
  const at = ((voxel[2] * ny + voxel[1]) * nx + voxel[0]) * volume.channels;
  if (volume.channels === 1) return [volume.data[at]! * volume.slope + volume.intercept];
  return Array.from(volume.data.subarray(at, at + 3));
}
