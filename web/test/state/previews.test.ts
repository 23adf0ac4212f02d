import { expect, test } from "vitest";
import { NOTHING, withPoint, type Place } from "../../src/state/prompts";
import { Previews } from "../../src/state/previews";
import type { LabelPatch } from "../../src/viewer/types";

const PLACE: Place = { object: 1, plane: "axial", index: 0 };
const at = (x: number) => withPoint(NOTHING, [x, 0, 0], true);
const PATCH: LabelPatch = { low: [0, 0, 0], shape: [1, 1, 1], values: Uint8Array.from([1]) };

function desk() {
  const asked: number[] = [];
  const shown: (LabelPatch | null)[] = [];
  const answers: ((patch: LabelPatch | null) => void)[] = [];
  const clock = { now: 0 };
  const previews = new Previews({
    send: (_, prompts) => {
      asked.push(prompts.points[0]!.at[0]);
      return new Promise((resolve) => answers.push(resolve));
    },
    show: (patch) => void shown.push(patch),
    now: () => clock.now,
  });
  const answer = async (patch: LabelPatch | null) => {
    answers.shift()!(patch);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { asked, shown, clock, previews, answer };
}

test("one question at a time, and then the latest", async () => {
  const { asked, previews, answer, shown } = desk();
  for (const x of [1, 2, 3]) previews.ask(PLACE, at(x));
  expect(asked).toEqual([1]);
  await answer(PATCH);
  expect(asked).toEqual([1, 3]);
  expect(shown).toEqual([PATCH]);
});

test("what arrives after the end is not shown", async () => {
  const { previews, answer, shown } = desk();
  previews.ask(PLACE, at(1));
  previews.end();
  await answer(PATCH);
  expect(shown).toEqual([null]);
});

test("a slow machine is left in peace for a while", async () => {
  const { asked, previews, answer, clock } = desk();
  previews.ask(PLACE, at(1));
  clock.now = 2000;
  await answer(PATCH);
  previews.ask(PLACE, at(2));
  expect(asked).toEqual([1]);
  clock.now = 7000;
  previews.ask(PLACE, at(3));
  expect(asked).toEqual([1, 3]);
});
