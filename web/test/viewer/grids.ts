import { type Grid, makeGrid } from "../../src/viewer/grid";

// Turned by 12 degrees about the body's axis and tilted by 9, with slices four times thicker than the pixels.
export function oblique(): Grid {
  const [c, s] = [Math.cos(0.21), Math.sin(0.21)];
  const [d, t] = [Math.cos(-0.157), Math.sin(-0.157)];
  const turned = [
    [c, -s * d, s * t],
    [s, c * d, -c * t],
    [0, t, d],
  ];
  const spacing: [number, number, number] = [0.8, 1.1, 4];
  const origin = [-90, -110, 37];
  const affine = turned.map((row, i) => [...row.map((v, j) => v * spacing[j]!), origin[i]!]);
  return makeGrid({ shape: [60, 50, 12], spacing, affine: [...affine, [0, 0, 0, 1]], unit: "mm" });
}

export function straight(shape: [number, number, number], unit: "mm" | "px" = "mm"): Grid {
  const affine = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ];
  return makeGrid({ shape, spacing: [1, 1, 1], affine, unit });
}
