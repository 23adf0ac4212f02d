import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpack } from "../../src/api/patch";

test("a patch is read back", async () => {
  const data = deflateSync(Uint8Array.from([0, 1, 2, 3, 4, 5])).toString("base64");
  const patch = await unpack({ low: [1, 2, 3], shape: [3, 2, 1], data });
  expect(patch).toEqual({ low: [1, 2, 3], shape: [3, 2, 1], values: Uint8Array.from([0, 1, 2, 3, 4, 5]) });
});

test("a patch with too few bytes is refused", async () => {
  const data = deflateSync(Uint8Array.from([0])).toString("base64");
  await expect(unpack({ low: [0, 0, 0], shape: [2, 1, 1], data })).rejects.toThrow("2 x 1 x 1");
});
