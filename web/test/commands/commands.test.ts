// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { COMMANDS, commandFor } from "../../src/commands";
import { chordOf, keysOf } from "../../src/commands/chord";
import { TOOLS } from "../../src/tools";

function press(key: string, init: KeyboardEventInit = {}, target: HTMLElement = document.body): KeyboardEvent {
  document.body.append(target === document.body ? "" : target);
  let seen: KeyboardEvent | null = null;
  document.addEventListener("keydown", (event) => (seen = event), { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...init }));
  return seen!;
}

function commandOf(key: string, init: KeyboardEventInit = {}, target?: HTMLElement): string | null {
  return commandFor(press(key, init, target), true)?.id ?? null;
}

test("no key and no name is given twice", () => {
  const keys = COMMANDS.flatMap((one) => one.keys);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  const ids = COMMANDS.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every command has a key and says what it is", () => {
  expect(COMMANDS.filter((one) => !one.keys.length || !one.name)).toEqual([]);
});

test("every tool of the folder is a command", () => {
  expect(TOOLS.map((one) => one.id)).toEqual(["look", "point", "box", "scribble", "lasso", "brush", "eraser"]);
  for (const tool of TOOLS) expect(commandOf(tool.key)).toBe(`tool-${tool.id}`);
});

test("chords", () => {
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  expect(chordOf({ ...none, key: "Z", ctrlKey: true, shiftKey: true })).toBe("ctrl+shift+z");
  expect(chordOf({ ...none, key: "z", metaKey: true })).toBe("ctrl+z");
  expect(chordOf({ ...none, key: "?", shiftKey: true })).toBe("?");
  expect(chordOf({ ...none, key: "ArrowUp", shiftKey: true })).toBe("shift+arrowup");
  expect(keysOf("ctrl+shift+z")).toEqual(["Ctrl", "Shift", "Z"]);
  expect(keysOf("+")).toEqual(["+"]);
});

test("keys that are being typed are not commands", () => {
  const input = document.createElement("input");
  expect(commandOf("b")).toBe("tool-box");
  expect(commandOf("b", {}, input)).toBeNull();
  expect(commandOf("?", { shiftKey: true }, input)).toBeNull();
  expect(commandOf("z", { ctrlKey: true }, input)).toBeNull();
  expect(commandOf("ArrowDown", { altKey: true }, input)).toBe("next-case");
});

test("keys that the focused element needs are left to it", () => {
  const button = document.createElement("button");
  const range = document.createElement("input");
  range.type = "range";
  expect(commandOf("Enter", {}, button)).toBeNull();
  expect(commandOf("b", {}, button)).toBe("tool-box");
  expect(commandOf("ArrowUp", {}, range)).toBeNull();
  expect(commandOf("b", {}, range)).toBe("tool-box");
  expect(commandOf("Enter")).toBe("apply");
});

test("single letters can be switched off, arrows stay", () => {
  expect(commandFor(press("b"), false)).toBeNull();
  expect(commandFor(press("ArrowUp"), false)?.id).toBe("next-slice");
  expect(commandFor(press("z", { ctrlKey: true }), false)?.id).toBe("undo");
});
