// @vitest-environment happy-dom
// What stands on the page in each state, in words: as a screen reader and the browser tests find it.
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../../src/api/client";
import type { Hands } from "../../src/commands/command";
import { listenToKeys } from "../../src/commands";
import { setUp } from "../../src/setup";
import type { Event } from "../../src/api/messages";
import { heard, start } from "../../src/state/listening";
import { openCase } from "../../src/state/opening";
import { saveState } from "../../src/state/saving";
import { bindStage } from "../../src/state/stage";
import { Page } from "../../src/ui/Page";
import { objectOf } from "../fake/make";
import { FakeServer } from "../fake/server";
import { FakeViewer } from "../fake/viewer";

let server: FakeServer;
let viewer: FakeViewer;
let hands: Hands;
let host: HTMLElement;
let deaf: () => void;

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} })); // a wide window
  server = new FakeServer();
  viewer = new FakeViewer();
  host = document.createElement("div");
  document.body.replaceChildren(host);
});

afterEach(() => {
  render(null, host);
  deaf();
  vi.unstubAllGlobals();
});

async function open(): Promise<void> {
  hands = setUp(new Api(server.fetch));
  deaf = listenToKeys(hands);
  const tie = () => bindStage(hands.app, viewer, hands.gestures, () => {});
  await act(() => render(<Page hands={hands} createViewer={async () => viewer} onViewer={tie} />, host));
  await vi.waitFor(() => expect(hands.app.viewer.value).toBe(viewer));
  await act(() => start(hands.app));
}

function nameOf(one: HTMLButtonElement): string {
  return (one.getAttribute("aria-label") ?? one.textContent ?? "").trim();
}

function button(name: string): HTMLButtonElement {
  const found = [...host.querySelectorAll("button")].find((one) => nameOf(one).split(":")[0] === name);
  if (!found) throw new Error(`There is no button ${name}.`);
  return found;
}

async function saved(): Promise<void> {
  await vi.waitFor(() => expect(saveState(hands.app).kind).toBe("saved"));
  await act(() => {});
}

function words(selector: string): string {
  return host.querySelector(selector)?.textContent ?? "";
}

test("an empty folder says what is read", async () => {
  await open();
  expect(words(".over")).toContain("No image was found");
  expect(button("Accept").disabled).toBe(true);
});

test("without a label the page leads to the first one", async () => {
  server.add("a");
  server.labelNames = [];
  await open();
  expect(words(".coach")).toContain("First name what you want to label");
  await act(() => button("Add the first label").click());
  const input = host.querySelector<HTMLInputElement>("input[aria-label='Name of the new label']")!;
  input.value = "liver";
  await act(() => void input.form!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
  await vi.waitFor(() => expect(words(".labels")).toContain("liver"));
  expect(hands.app.view.label.value).toBe("liver");
});

test("what is typed right after the key for a new label is its name, and no command", async () => {
  server.add("a");
  await open();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "N", shiftKey: true }));
  await Promise.resolve(); // a person's next key comes later than that
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Name of the new label");
});

test("a click in the image, its object, undo and the saved state", async () => {
  server.add("a");
  await open();
  expect(words(".coach")).toContain("Click on liver");
  expect(button("Undo").disabled).toBe(true);
  await act(() => viewer.drag("axial", [2, 2, 0]));
  await saved();
  expect(words("[data-state]")).toBe("Saved");
  expect(button("Undo").getAttribute("aria-label")).toBe("Undo: ask");
  expect(words(".objects")).toContain("1");
});

test("tools tell which one is in hand, and their settings", async () => {
  server.add("a");
  await open();
  await act(() => button("Brush").click());
  expect(button("Brush").getAttribute("aria-pressed")).toBe("true");
  expect(button("Point").getAttribute("aria-pressed")).toBe("false");
  expect(words(".strip")).toContain("4 mm");
  await act(() => void document.dispatchEvent(new KeyboardEvent("keydown", { key: "]" })));
  expect(words(".strip")).toContain("5 mm");
});

test("a picture has no other planes and nothing to carry through a volume", async () => {
  server.add("a", { shape: [8, 8, 1], unit: "px" });
  await open();
  expect(host.querySelector("[aria-label='Layout']")).toBeNull();
  expect(button("To the whole volume").disabled).toBe(true);
});

test("a picture has x and y, and neither voxels nor slices", async () => {
  const affine = [
    [1, 0, 0, -9],
    [0, 1, 0, -5],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ];
  server.add("a", { shape: [10, 6, 1], affine, spacing: [1, 1, 1], unit: "px", orientation: "LPS" });
  await open();
  await act(() => viewer.moveTo([-7, -1, 0]));
  expect(words("footer [aria-label=Crosshair]")).toBe("x 7  y 1 px");
  expect(host.querySelector("footer [aria-label=Voxel]")).toBeNull();
  expect(words("footer")).not.toContain("Axial");
});

test("voxels are those of the file", async () => {
  server.add("a", { orientation: "LPS" });
  await open();
  await act(() => viewer.moveTo([-3, -1, 20]));
  expect(words("footer [aria-label=Voxel]")).toBe("[3, 2, 2]");
});

test("outlined masks are not filled, and another opacity fills them again", async () => {
  server.add("a");
  await open();
  const filled = viewer.look.opacity;
  await act(() => button("Outline").click());
  expect(viewer.look).toMatchObject({ opacity: 0, outline: true });
  await act(() => void document.dispatchEvent(new KeyboardEvent("keydown", { key: "," })));
  expect(viewer.look.outline).toBe(false);
  expect(viewer.look.opacity).toBeLessThan(filled);
});

test("names are text, whatever they hold", async () => {
  server.add("a", { name: "<img src=x onerror=alert(1)>" });
  server.labelNames = ["<b>x</b>"];
  await open();
  expect(host.querySelector("img, b")).toBeNull();
  expect(words("h1")).toBe("<img src=x onerror=alert(1)>");
});

test("cases are found by name, and it is said when there is none", async () => {
  server.add("a");
  server.add("b");
  await open();
  await act(() => hands.app.cases.refine({ text: "b" }));
  expect(host.querySelectorAll(".case")).toHaveLength(1);
  await act(() => hands.app.cases.refine({ text: "zzz" }));
  expect(words(".cases .empty")).toContain("No case is like that.");
  await act(() => button("Show all").click());
  expect(host.querySelectorAll(".case")).toHaveLength(2);
});

test("after a conflict a dialog names what is missing", async () => {
  server.add("a");
  await open();
  server.elsewhere("a");
  await act(() => button("New object of liver").click());
  await vi.waitFor(() => expect(words("dialog")).toContain("This case was changed elsewhere"));
  expect(words(".refused")).toContain("New object");
  await vi.waitFor(() => expect(hands.app.doc.detail.value?.revision).toBe(1));
  await act(() => button("Do it again on top").click());
  await saved();
  expect(host.querySelector("dialog")).toBeNull();
  expect(hands.app.objects.value).toHaveLength(1);
});

test("a server that is away is said, with what is kept", async () => {
  server.add("a");
  await open();
  server.replies.push("away", "away");
  await act(() => button("New object of liver").click());
  await vi.waitFor(() => expect(words(".banner")).toContain("1 edit is kept here"));
  expect(words("[data-state]")).toContain("Not saved");
  hands.app.outbox.retry();
  hands.app.outbox.retry();
});

test("the sheet of keys opens by its key and lists every command", async () => {
  server.add("a");
  await open();
  await act(() => void document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" })));
  expect(words("dialog")).toContain("To the whole volume");
  expect(host.querySelectorAll(".sheet-row").length).toBeGreaterThan(50);
});

test("a label gets another name, and its objects with it", async () => {
  server.add("a", { objects: [objectOf(1, "liver")] });
  await open();
  await act(() => button("Rename liver").click());
  const input = host.querySelector<HTMLInputElement>("input[aria-label='New name of liver']")!;
  input.value = "hepar";
  await act(() => void input.form!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
  await vi.waitFor(() => expect(words(".label-name")).toContain("hepar"));
  expect(server.labelNames).toEqual(["hepar"]);
  expect(hands.app.view.label.value).toBe("hepar");
  expect(hands.app.objects.value.map((one) => one.label)).toEqual(["hepar"]);
  expect(host.querySelector("input[aria-label='New name of liver']")).toBeNull();
});

test("when Improve has finished, one button leads to the comparison, and numbers stand beside the decision", async () => {
  server.add("a");
  await open();
  const learn = { ...hands.app.learn.value!, accepted: 4, steps: 9, step: 9, before: 0.8, after: 0.9, validation: 2 };
  const seen = vi.fn();
  Element.prototype.scrollIntoView = seen;
  await act(() => heard(hands.app, { event: "learn", learn: { ...learn, state: "training" } } as Event));
  await act(() =>
    heard(hands.app, { event: "learn", learn: { ...learn, state: "ready", sentence: "Said." } } as Event),
  );
  await act(() => button("Compare").click());
  await vi.waitFor(() => expect(seen).toHaveBeenCalled());
  expect(words(".notices")).toBe("");
  expect(words("#improve")).toContain("0.800");
  expect(words("#improve")).toContain("0.900");
  expect(words("#improve")).toContain("The new one is better. Said.");
  expect(button("Keep the new one").disabled).toBe(false);
});

test("accepted cases count for Improve at once", async () => {
  for (const id of ["a", "b", "c"]) server.add(id, { status: id === "a" ? "accepted" : "open" });
  await open();
  expect(words("#improve")).toContain("Accept 2 more cases");
  for (const id of ["b", "c"]) await act(() => hands.app.cases.update(id, { status: "accepted" }));
  expect(words("#improve")).not.toContain("more case");
  expect(button("Improve with 3 accepted cases").disabled).toBe(false);
});

test("an answer that comes late does not hide how far Improve is", async () => {
  for (const id of ["a", "b", "c"]) server.add(id, { status: "accepted" });
  await open();
  const learn = { ...hands.app.learn.value!, state: "training" as const, step: 2, steps: 9 };
  vi.spyOn(hands.app.api, "learn").mockResolvedValue({ ...learn, step: 0, steps: 0 });
  button("Improve with 3 accepted cases").click();
  await act(() => heard(hands.app, { event: "learn", learn } as Event));
  await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
  expect(words("#improve")).toContain("Training, 2 of 9");
});

test("a proposal that was taken is offered no more", async () => {
  server.add("a", { proposal: true, objects: [objectOf(1, "liver", 5)] });
  await open();
  hands.app.view.object.value = null;
  expect(words(".proposal")).toContain("proposes masks for this case");
  await act(() => button("Take the proposal").click());
  await saved();
  expect(server.edits.map((one) => one.request.edit.kind)).toEqual(["propose"]);
  expect(host.querySelector(".proposal")).toBeNull();
  expect(hands.app.view.object.value).toBe(1);
});

test("what cannot be opened is marked with the reason, and the total leaves it out", async () => {
  for (const id of ["a", "b", "c"]) server.add(id, { status: id === "a" ? "accepted" : "open" });
  server.damaged.set("b", "b.nii.gz is damaged; copy it again.");
  await open();
  await act(() => openCase(hands.app, "b"));
  const row = host.querySelector(".case[aria-current]")!;
  expect(row.textContent).toBe("bis damaged; copy it again.");
  expect(row.getAttribute("title")).toBe("b.nii.gz is damaged; copy it again.");
  expect(row.querySelector(".status-shape.problem")).not.toBeNull();
  expect(host.querySelector(".panel-foot")!.textContent).toBe("1 of 2 accepted, 1 cannot be opened");
  await act(() => button("Cannot be opened").click());
  expect([...host.querySelectorAll(".case-name")].map((one) => one.textContent)).toEqual(["b"]);
});
