import { describe, expect, it } from "vitest";

import { type Loop, contours } from "../../src/viewer/contour";
import type { BytePlane } from "../../src/viewer/slice";
import { seeded, whole } from "./random";

function plane(rows: string[]): BytePlane {
  const data = Uint8Array.from(rows.join(""), Number);
  return { width: rows[0]!.length, height: rows.length, data };
}

// Even-odd rule at the middle of a pixel.
function covers(loops: Loop[], x: number, y: number): boolean {
  let inside = false;
  for (const loop of loops) {
    for (let i = 0; i < loop.length; i += 2) {
      const [x1, y1] = [loop[i]!, loop[i + 1]!];
      const [x2, y2] = [loop[(i + 2) % loop.length]!, loop[(i + 3) % loop.length]!];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    }
  }
  return inside;
}

describe("contours", () => {
  it("go round a rectangle with four corners", () => {
    const loops = contours(plane(["0000", "0110", "0110", "0000"]), () => true).get(1)!;
    expect(loops).toHaveLength(1);
    expect(loops[0]).toHaveLength(8);
    const corners = Array.from({ length: 4 }, (_, i) => `${loops[0]![2 * i]},${loops[0]![2 * i + 1]}`);
    expect(corners.toSorted()).toEqual(["1,1", "1,3", "3,1", "3,3"]);
  });

  it("give a hole a loop of its own", () => {
    expect(contours(plane(["111", "101", "111"]), () => true).get(1)).toHaveLength(2);
  });

  it("leave out objects that are not wanted", () => {
    expect([...contours(plane(["120"]), (v) => v === 2).keys()]).toEqual([2]);
  });

  it("cover exactly the pixels of each object", () => {
    const random = seeded(5);
    for (let run = 0; run < 40; run++) {
      const [width, height] = [whole(random, 1, 9), whole(random, 1, 9)];
      const data = Uint8Array.from({ length: width * height }, () => whole(random, 0, 2));
      const found = contours({ width, height, data }, () => true);
      for (const value of [1, 2]) {
        for (let i = 0; i < data.length; i++) {
          const at: [number, number] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
          expect(covers(found.get(value) ?? [], ...at)).toBe(data[i] === value);
        }
      }
    }
  });
});
