// @vitest-environment happy-dom
// The page without its elements: stores, tools and outbox against a server in memory.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../../src/api/client";
import { commandNamed } from "../../src/commands";
import type { Hands } from "../../src/commands/command";
import { setUp } from "../../src/setup";
import { leaveOut, repeat } from "../../src/state/conflicts";
import { heard, start } from "../../src/state/listening";
import { openCase } from "../../src/state/opening";
import { writeNote } from "../../src/state/notes";
import { saveState } from "../../src/state/saving";
import { bindStage } from "../../src/state/stage";
import { FakeServer } from "../fake/server";
import { objectOf, summaryOf } from "../fake/make";
import { FakeViewer } from "../fake/viewer";

let server: FakeServer;
let viewer: FakeViewer;
let hands: Hands;
let untie: () => void;

beforeEach(() => {
  localStorage.clear();
  location.hash = "";
  server = new FakeServer();
  server.add("a");
  server.add("b");
  viewer = new FakeViewer();
  hands = setUp(new Api(server.fetch));
  untie = bindStage(hands.app, viewer, hands.gestures, () => hands.keys.moved());
});

afterEach(() => untie());

function kinds(): string[] {
  return server.edits.map(({ case: id, request }) => `${id} ${request.edit.kind}`);
}

async function saved(): Promise<void> {
  await vi.waitFor(() => expect(saveState(hands.app).kind).toBe("saved"));
}

const command = (id: string) => commandNamed(id).run(hands);

test("the first case that waits is opened", async () => {
  await start(hands.app);
  expect(hands.app.doc.id).toBe("a");
  expect(viewer.picture?.url).toBe("/api/cases/a/image");
  expect(location.hash).toBe("#case=a");
});

test("a click makes the object that it needs, and its marks are seen before the answer", async () => {
  await start(hands.app);
  viewer.drag("axial", [2, 2, 0]);
  expect(viewer.marks).toEqual([{ kind: "point", at: [1, 1, 10], positive: true, plane: "axial" }]);
  expect(viewer.colours.get(1)).toBe("#ff0000");
  await saved();
  expect(kinds()).toEqual(["a add-object", "a ask"]);
  expect(viewer.labels[0]).toBe(1);
  const [, { request }] = server.edits as [unknown, (typeof server.edits)[0]];
  expect(request).toMatchObject({ revision: 1, edit: { object: 1, plane: "axial", over: "empty" } });
});

test("the second click carries the first one along", async () => {
  await start(hands.app);
  viewer.drag("axial", [2, 2, 0]);
  await saved();
  command("positive");
  viewer.drag("axial", [1, 2, 0]);
  await saved();
  const { edit } = server.edits.at(-1)!.request;
  expect(edit.kind === "ask" && edit.prompts.points.map((one) => one.positive)).toEqual([true, false]);
});

test("clicks that wait for the same slice become one question", async () => {
  await start(hands.app);
  const open = server.hold("/edits");
  for (const x of [0, 1, 2]) viewer.drag("axial", [x, 2, 0]);
  open();
  await saved();
  expect(kinds()).toEqual(["a add-object", "a ask"]);
  const { edit } = server.edits.at(-1)!.request;
  expect(edit.kind === "ask" && edit.prompts.points).toHaveLength(3);
});

test("a stroke is seen at once, and then what the server made of it", async () => {
  await start(hands.app);
  command("tool-brush");
  hands.app.view.radius.value = 1;
  viewer.drag("axial", [2, 2, 1], [3, 2, 1]);
  expect(viewer.labels[viewer.grid.offset([2, 2, 1])]).toBe(1);
  await saved();
  expect(viewer.labels[viewer.grid.offset([2, 2, 1])]).toBe(0);
  expect(viewer.labels[0]).toBe(1);
});

test("a stroke that is refused goes away, and the reason is said", async () => {
  await start(hands.app);
  command("new-object");
  await saved();
  server.replies.push({ status: 422, body: { error: "input", sentence: "Not there.", request: "r" } });
  command("tool-brush");
  viewer.drag("axial", [2, 2, 1]);
  expect(viewer.labels[viewer.grid.offset([2, 2, 1])]).toBe(1);
  await saved();
  expect(viewer.labels.every((value) => value === 0)).toBe(true);
  expect(hands.app.notices.shown.value.map((one) => one.sentence)).toEqual(["Not there."]);
});

test("an edit survives a server that is away", async () => {
  await start(hands.app);
  server.replies.push("away");
  command("new-object");
  await vi.waitFor(() => expect(saveState(hands.app).kind).toBe("unsaved"));
  expect(saveState(hands.app).words).toContain("1 edit waits");
  hands.app.outbox.retry();
  await saved();
  expect(server.edits[0]!.request.request).toBe(server.edits[1]!.request.request);
});

test("a case that is opened while another one is on its way wins", async () => {
  await start(hands.app);
  const open = server.hold("/api/cases/b");
  const late = openCase(hands.app, "b");
  await openCase(hands.app, "a");
  open();
  await late;
  expect(hands.app.doc.id).toBe("a");
  expect(viewer.picture?.url).toBe("/api/cases/a/image");
});

test("an answer for a case that is no longer shown changes the list only", async () => {
  await start(hands.app);
  const open = server.hold("/a/edits");
  viewer.drag("axial", [2, 2, 0]);
  await openCase(hands.app, "b");
  open();
  await saved();
  expect(kinds()).toEqual(["a add-object", "a ask"]);
  expect(viewer.labels.every((value) => value === 0)).toBe(true);
  expect(hands.app.doc.detail.value?.revision).toBe(0);
  expect(hands.app.cases.find("a")?.revision).toBe(2);
});

test("after a conflict the case is read again and the edit can be done on top", async () => {
  await start(hands.app);
  command("new-object");
  await saved();
  server.elsewhere("a");
  viewer.drag("axial", [2, 2, 0]);
  await vi.waitFor(() => expect(hands.app.refusal.value).not.toBeNull());
  await vi.waitFor(() => expect(hands.app.doc.detail.value?.revision).toBe(2));
  expect(saveState(hands.app).kind).toBe("unsaved");
  await repeat(hands.app);
  await saved();
  expect(server.edits.at(-1)!.request).toMatchObject({ revision: 2, edit: { kind: "ask" } });
  expect(viewer.labels[0]).toBe(1);
});

test("after a conflict the edit can be left out, and work goes on", async () => {
  await start(hands.app);
  server.elsewhere("a");
  command("new-object");
  await vi.waitFor(() => expect(hands.app.refusal.value).not.toBeNull());
  await vi.waitFor(() => expect(hands.app.doc.detail.value?.revision).toBe(1));
  leaveOut(hands.app);
  command("new-object");
  await saved();
  expect(server.edits).toHaveLength(2);
  expect(hands.app.objects.value).toHaveLength(1);
});

test("what another page did is shown when it is told of", async () => {
  await start(hands.app);
  server.elsewhere("a");
  const empty = { model: null, learn: null, labels: null, done: null, total: null };
  heard(hands.app, { event: "case", case: "a", summary: summaryOf({ case: "a", revision: 1 }), ...empty });
  await vi.waitFor(() => expect(hands.app.doc.detail.value?.revision).toBe(1));
  expect(hands.app.refusal.value).toBeNull();
});

test("a note is kept when the case changes", async () => {
  await start(hands.app);
  writeNote(hands.app, "cyst");
  expect(hands.app.unsaved.value).toBe(true);
  await openCase(hands.app, "b");
  await saved();
  expect(server.edits[0]).toMatchObject({ case: "a", request: { edit: { kind: "mark", note: "cyst" } } });
});

test("accepting goes on with the next case", async () => {
  await start(hands.app);
  command("accept");
  await vi.waitFor(() => expect(hands.app.doc.id).toBe("b"));
  await saved();
  expect(server.edits[0]).toMatchObject({ case: "a", request: { edit: { kind: "mark", status: "accepted" } } });
});

test("keys draw a box: begin, move the crosshair, end", async () => {
  await start(hands.app);
  command("tool-box");
  viewer.moveTo(viewer.grid.toMm([0, 0, 1]));
  command("apply");
  for (let step = 0; step < 3; step++) {
    command("crosshair-left");
    command("crosshair-up");
  }
  command("apply");
  await saved();
  const { edit } = server.edits.at(-1)!.request;
  expect(edit.kind === "ask" && edit.prompts.box).toEqual({ a: [-3, -3, 15], b: [3, 3, 15] });
});

test("another tool gives up what was begun", async () => {
  await start(hands.app);
  command("new-object");
  command("tool-box");
  command("apply");
  command("tool-point");
  expect(hands.gestures.active).toBe(false);
  await saved();
  expect(kinds()).toEqual(["a add-object"]);
});

test("without any label the page asks for one", async () => {
  server.labelNames = [];
  await start(hands.app);
  viewer.drag("axial", [2, 2, 0]);
  expect(hands.app.addingLabel.value).toBe(true);
  expect(server.edits).toEqual([]);
});

test("hidden and solo objects are not drawn", async () => {
  await start(hands.app);
  command("new-object");
  command("new-object");
  await saved();
  expect([...viewer.colours.keys()]).toEqual([1, 2]);
  command("hide");
  expect([...viewer.colours.keys()]).toEqual([1]);
  command("hide");
  command("solo");
  expect([...viewer.colours.keys()]).toEqual([2]);
});

test("labels that the masks of a case bring along are in the list when it opens", async () => {
  server.labelNames = [];
  server.add("a", { objects: [objectOf(1, "cord", 5)] });
  const answer = server.hold("/api/cases/a");
  const opened = start(hands.app);
  await vi.waitFor(() => expect(hands.app.doc.loading.value).toBe("a"));
  server.labelNames = ["cord"]; // by reading the masks
  answer();
  await opened;
  expect(hands.app.labels.value.map((one) => one.name)).toEqual(["cord"]);
  expect(hands.app.view.label.value).toBe("cord");
});

test("the window that was chosen is that of the next case, where it offers it", async () => {
  const presets = [
    { name: "as the model sees it", low: 0, high: 50 },
    { name: "lung", low: -1350, high: 150 },
  ];
  server.add("a", { presets });
  server.add("b", { presets: [{ ...presets[0]!, high: 70 }, presets[1]!] });
  server.add("c", { presets: [{ ...presets[0]!, high: 90 }] });
  await start(hands.app);
  command("window");
  expect(viewer.shown).toMatchObject({ low: -1350, high: 150 });
  await openCase(hands.app, "b");
  expect(viewer.shown).toMatchObject({ low: -1350, high: 150 });
  await openCase(hands.app, "c");
  expect(viewer.shown).toMatchObject({ low: 0, high: 90 });
});

test("the way to an object leads to its middle in all planes", async () => {
  const slices = { sagittal: [0, 2], coronal: [3, 3], axial: [1, 2] } as const;
  server.add("a", { objects: [{ ...objectOf(1, "liver", 5), slices: slices as never }] });
  await start(hands.app);
  command("to-object");
  expect(viewer.grid.toVoxel(viewer.at).map(Math.round)).toEqual([1, 3, 2]);
});

test("more steps back than there are is said, and the words go by themselves", async () => {
  await start(hands.app);
  const failure = { error: "input", sentence: "There is nothing to undo.", request: "r" };
  server.replies.push({ status: 422, body: failure });
  hands.app.doc.detail.value = { ...hands.app.doc.detail.value!, undo: "ask" };
  command("undo");
  await saved();
  expect(hands.app.notices.shown.value.map((one) => one.kind)).toEqual(["done"]);
});

test("a damaged image is passed over by next, previous and accept, and told", async () => {
  server.add("c");
  server.damaged.set("b", "b.nii is damaged.");
  await start(hands.app);
  const opens = (id: string) =>
    vi.waitFor(() => expect([hands.app.doc.id, hands.app.doc.loading.value]).toEqual([id, null]));
  command("next-case");
  await opens("c");
  expect(hands.app.notices.shown.value.map((one) => one.sentence)).toEqual(["b was passed over: b.nii is damaged."]);
  expect(hands.app.cases.counts.value).toMatchObject({ open: 2, problem: 1 });
  command("previous-case");
  await opens("a");
  command("accept");
  await opens("c");
});

test("where nothing else can be opened, what was open stays", async () => {
  server.damaged.set("b", "b.nii is damaged.");
  await start(hands.app);
  command("next-case");
  await vi.waitFor(() => expect(hands.app.notices.said.value).toBe("This is the last case of the list."));
  expect(hands.app.doc.id).toBe("a");
  command("accept");
  await vi.waitFor(() =>
    expect(hands.app.notices.said.value).toContain("All cases of this list are done. 1 cannot be opened."),
  );
});

test("a page begins with the first case that can be opened; from one that cannot, next goes on after it", async () => {
  server.add("c");
  server.damaged.set("a", "a.nii is damaged.");
  location.hash = "#case=a";
  await start(hands.app);
  expect(hands.app.doc.id).toBe("b");
  server.damaged.set("b", "b.nii is damaged.");
  await openCase(hands.app, "b");
  expect(hands.app.doc.failed.value).toEqual({ case: "b", sentence: "b.nii is damaged." });
  command("next-case");
  await vi.waitFor(() => expect(hands.app.doc.id).toBe("c"));
});
