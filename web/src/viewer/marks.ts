// Clicks, boxes, lines and the brush's circle over the slices on which they lie.

import { type Camera, type Tile, scaleOf, toScreen } from "./camera";
import { type Grid, sliceOf, toVoxel } from "./grid";
import type { Mark, Mm, Plane } from "./types";

export interface Look {
  positive: string;
  negative: string;
  neutral: string;
  halo: string;
}

export const LOOK: Look = { positive: "#4cc38a", negative: "#ff7a59", neutral: "#ffffff", halo: "rgba(0, 0, 0, 0.75)" };

const RADIUS = 6.5;

// Whether a mark lies on the slice that a plane shows: its voxels are those of the slice.
export function isOn(grid: Grid, mark: Mark, plane: Plane, slice: number): boolean {
  if (mark.plane && mark.plane !== plane) return false;
  const places = mark.kind === "box" ? [mark.a, mark.b] : mark.kind === "line" ? mark.path : [mark.at];
  return places.length > 0 && places.every((mm) => sliceOf(grid, plane, toVoxel(grid, mm)) === slice);
}

export interface Place {
  grid: Grid;
  tile: Tile;
  camera: Camera;
}

export function drawMarks(
  context: CanvasRenderingContext2D,
  place: Place,
  slice: number,
  marks: readonly Mark[],
): void {
  const { grid, tile, camera } = place;
  const at = (mm: Mm) => toScreen(grid, tile, camera, toVoxel(grid, mm));
  const scale = scaleOf(grid, tile, camera.zoom);
  // Points come last, so that no line hides them.
  const shown = marks.filter((mark) => isOn(grid, mark, tile.plane, slice));
  for (const mark of shown) {
    if (mark.kind === "box") drawBox(context, at(mark.a), at(mark.b), mark.dashed === true);
    else if (mark.kind === "line") drawLine(context, mark, mark.path.map(at), scale);
    else if (mark.kind === "disc") drawDisc(context, at(mark.at), mark.radius * scale);
  }
  for (const mark of shown) if (mark.kind === "point") drawPoint(context, at(mark.at), mark.positive);
}

// A stroke that can be seen on white and on black: a dark line below a bright one.
function twice(context: CanvasRenderingContext2D, colour: string, width: number): void {
  context.strokeStyle = LOOK.halo;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

// A disc with a plus, or a diamond with a minus: told apart without their colours.
function drawPoint(context: CanvasRenderingContext2D, [x, y]: [number, number], positive: boolean): void {
  context.save();
  context.translate(x, y);
  context.beginPath();
  if (positive) {
    context.arc(0, 0, RADIUS, 0, 2 * Math.PI);
  } else {
    const r = RADIUS * 1.45;
    context.moveTo(0, -r);
    context.lineTo(r, 0);
    context.lineTo(0, r);
    context.lineTo(-r, 0);
    context.closePath();
  }
  context.lineJoin = "round";
  context.strokeStyle = LOOK.halo;
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.stroke();
  context.fillStyle = positive ? LOOK.positive : LOOK.negative;
  context.fill();
  context.beginPath();
  context.moveTo(-3, 0);
  context.lineTo(3, 0);
  if (positive) {
    context.moveTo(0, -3);
    context.lineTo(0, 3);
  }
  context.lineCap = "butt";
  context.strokeStyle = "#101418";
  context.lineWidth = 1.75;
  context.stroke();
  context.restore();
}

function drawBox(context: CanvasRenderingContext2D, a: [number, number], b: [number, number], dashed: boolean): void {
  context.save();
  context.lineJoin = "miter";
  if (dashed) context.setLineDash([5, 4]);
  context.beginPath();
  const [left, top] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  context.rect(left, top, Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]));
  twice(context, LOOK.neutral, 1.5);
  context.restore();
}

function drawLine(
  context: CanvasRenderingContext2D,
  mark: Extract<Mark, { kind: "line" }>,
  points: [number, number][],
  scale: number,
): void {
  const colour = mark.positive === undefined ? LOOK.neutral : mark.positive ? LOOK.positive : LOOK.negative;
  context.save();
  context.lineJoin = "round";
  context.lineCap = "round";
  context.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  if (points.length === 1) context.lineTo(points[0]![0] + 0.01, points[0]![1]);
  if (mark.closed) context.closePath();
  if (mark.width_mm !== undefined) {
    context.globalAlpha = 0.5;
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1, mark.width_mm * scale);
    context.stroke();
  } else {
    if (mark.positive === false) context.setLineDash([2, 6]);
    twice(context, colour, 2.5);
  }
  context.restore();
}

function drawDisc(context: CanvasRenderingContext2D, [x, y]: [number, number], radius: number): void {
  context.save();
  context.beginPath();
  context.arc(x, y, Math.max(radius, 1), 0, 2 * Math.PI);
  twice(context, LOOK.neutral, 1.25);
  context.restore();
}
