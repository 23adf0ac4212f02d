import { expect, test } from "vitest";
import { extentWords, nameOf, placeWords, sizeWords, totalWords } from "../../src/state/words";
import { objectOf } from "../fake/make";

test("places are told by the side on which they lie", () => {
  expect(placeWords([12.34, -4, 0], "mm")).toBe("R 12.3  P 4.0  S 0.0");
  expect(placeWords([-400, -270, 0], "px")).toBe("x 400  y 270");
});

test("sizes have three digits or fewer, and pixels where there are no millimetres", () => {
  expect(sizeWords(objectOf(1, "liver", 0), "mm")).toBe("empty");
  expect(sizeWords({ ...objectOf(1, "liver", 5), volume_ml: 0.1234 }, "mm")).toBe("0.12 ml");
  expect(sizeWords({ ...objectOf(1, "liver", 5), volume_ml: 1234.5 }, "mm")).toBe("1235 ml");
  expect(sizeWords({ ...objectOf(1, "liver", 1077), volume_ml: null }, "px")).toBe("1,077 px");
});

test("the objects of a label are added up", () => {
  expect(totalWords([objectOf(1, "liver", 50), objectOf(2, "liver", 75)], "mm")).toBe("2.5 ml in 2");
  expect(totalWords([objectOf(1), objectOf(2)], "mm")).toBe("");
});

test("extents of pictures have two sides", () => {
  const object = { ...objectOf(1, "liver", 5), extent: [10.25, 8, 1] as [number, number, number] };
  expect(extentWords(object, "mm")).toBe("10.3 × 8.0 × 1.0 mm");
  expect(extentWords(object, "px")).toBe("10 × 8 px");
});

test("edits have names", () => {
  const objects = [objectOf(3, "spleen")];
  expect(nameOf({ kind: "paint", object: 3, plane: "axial", path: [[0, 0, 0]], radius: 1, erase: true }, objects)).toBe(
    "Eraser: spleen 3",
  );
  expect(nameOf({ kind: "undo" }, objects)).toBe("Undo");
});
