// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { Gestures, type GestureTarget } from "../../src/viewer/gestures";

function desk(mode: "draw" | "look" = "draw") {
  const told: string[] = [];
  const target: GestureTarget = {
    mode: () => mode,
    tool: (phase, event, x, y) => {
      told.push(`${phase} ${event.button} ${x},${y}`);
      return true;
    },
    look: () => told.push("look"),
    pan: () => told.push("pan"),
    zoom: () => told.push("zoom"),
    window: (dx, dy) => told.push(`window ${dx},${dy}`),
    scroll: () => told.push("scroll"),
  };
  const element = document.createElement("div");
  element.setPointerCapture = () => {};
  const gestures = new Gestures(element, target);
  const say = (type: string, button: number, x: number, y: number) =>
    element.dispatchEvent(
      new PointerEvent(type, { button, clientX: x, clientY: y, pointerType: "mouse", pointerId: 1 }),
    );
  return { told, say, gestures };
}

test("the right button without a move is a click of the tool", () => {
  const { told, say } = desk();
  say("pointerdown", 2, 10, 10);
  say("pointermove", 2, 12, 11);
  say("pointerup", 2, 12, 11);
  expect(told).toEqual(["down 2 10,10", "up 2 10,10"]);
});

test("the right button that moves sets the window and is no click", () => {
  const { told, say } = desk();
  say("pointerdown", 2, 10, 10);
  say("pointermove", 2, 20, 10);
  say("pointermove", 2, 22, 13);
  say("pointerup", 2, 22, 13);
  expect(told).toEqual(["window 10,0", "window 2,3"]);
});

test("while looking the right button is for the window only", () => {
  const { told, say } = desk("look");
  say("pointerdown", 2, 10, 10);
  say("pointerup", 2, 10, 10);
  expect(told).toEqual([]);
});
