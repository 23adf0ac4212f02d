// A patch travels as base64 of zlib of bytes.
import type { LabelPatch } from "../viewer/types";
import type { Patch } from "./messages";

export async function unpack(patch: Patch): Promise<LabelPatch> {
  const packed = Uint8Array.from(atob(patch.data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const values = new Uint8Array(await new Response(stream).arrayBuffer());
  const [x, y, z] = patch.shape;
  if (values.length !== x * y * z) {
    throw new Error(`A patch of ${x} x ${y} x ${z} voxels holds ${values.length} bytes.`);
  }
  return { low: patch.low, shape: patch.shape, values };
}

export function unpackAll(patches: readonly Patch[]): Promise<LabelPatch[]> {
  return Promise.all(patches.map(unpack));
}
