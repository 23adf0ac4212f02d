import { describe, expect, it } from "vitest";

import { type Line, contours } from "../../src/viewer/contour";
import type { BytePlane } from "../../src/viewer/slice";
import { seeded, whole } from "./random";

// All edges between neighbouring corners, in any order.
function edges(lines: Line[]): string[] {
  const found: string[] = [];
  for (const { corners, closed } of lines) {
    const all = closed ? [...corners, corners[0]!, corners[1]!] : corners;
    for (let i = 0; i + 3 < all.length; i += 2) {
      let [x, y] = [all[i]!, all[i + 1]!];
      const [u, v] = [all[i + 2]!, all[i + 3]!];
      while (x !== u || y !== v) {
        const [a, b] = [x + Math.sign(u - x), y + Math.sign(v - y)];
        found.push(`${x},${y} ${a},${b}`);
        [x, y] = [a, b];
      }
    }
  }
  return found.toSorted();
}

function plane(rows: string[]): BytePlane {
  const data = Uint8Array.from(rows.join(""), Number);
  return { width: rows[0]!.length, height: rows.length, data };
}

// Even-odd rule at the middle of a pixel.
function covers(lines: Line[], x: number, y: number): boolean {
  let inside = false;
  for (const { corners: loop } of lines) {
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
    const loops = contours(plane(["0000", "0110", "0110", "0000"])).get(1)!;
    expect(loops).toHaveLength(1);
    expect(loops[0]!.closed).toBe(true);
    const found = loops[0]!.corners;
    expect(found).toHaveLength(8);
    const corners = Array.from({ length: 4 }, (_, i) => `${found[2 * i]},${found[2 * i + 1]}`);
    expect(corners.toSorted()).toEqual(["1,1", "1,3", "3,1", "3,3"]);
  });

  it("give a hole a loop of its own", () => {
    expect(contours(plane(["111", "101", "111"])).get(1)).toHaveLength(2);
  });

  it("cover exactly the pixels of each object", () => {
    const random = seeded(5);
    for (let run = 0; run < 40; run++) {
      const [width, height] = [whole(random, 1, 9), whole(random, 1, 9)];
      const data = Uint8Array.from({ length: width * height }, () => whole(random, 0, 2));
      const found = contours({ width, height, data });
      for (const value of [1, 2]) {
        for (let i = 0; i < data.length; i++) {
          const at: [number, number] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
          expect(covers(found.get(value) ?? [], ...at)).toBe(data[i] === value);
        }
      }
    }
  });

  it("of parts have together the edges of the whole", () => {
    const random = seeded(6);
    for (let run = 0; run < 40; run++) {
      const [width, height] = [whole(random, 2, 9), whole(random, 2, 9)];
      const slice = { width, height, data: Uint8Array.from({ length: width * height }, () => whole(random, 0, 1)) };
      const [x, y] = [whole(random, 1, width - 1), whole(random, 1, height - 1)];
      const parts = [
        { left: 0, top: 0, right: x, bottom: y },
        { left: x, top: 0, right: width, bottom: y },
        { left: 0, top: y, right: width, bottom: height },
      ].flatMap((part) => contours(slice, part).get(1) ?? []);
      expect(edges(parts)).toEqual(edges(contours(slice).get(1) ?? []));
    }
  });
});
