import { expect, test, vi } from "vitest";
import { ServerError, Unreachable } from "../../src/api/errors";
import type { Edit, Edited, EditRequest } from "../../src/api/messages";
import { Outbox, type OutboxHooks, type Refusal } from "../../src/state/outbox";
import { editedOf } from "../fake/make";

const UNDO: Edit = { kind: "undo" };

function mark(note: string): Edit {
  return { kind: "mark", note };
}

function all(): boolean {
  return true;
}

/** A server whose answers are decided one by one. */
class Desk {
  readonly asked: { id: string; request: EditRequest; stop: AbortSignal }[] = [];
  readonly answeredIds: string[] = [];
  readonly refusedNames: string[] = [];
  readonly refusals: Refusal[] = [];
  readonly pauses: number[] = [];
  private decide: ((answer: Edited | Error) => void)[] = [];
  private go: (() => void)[] = [];
  private names = 0;
  readonly box: Outbox;

  constructor() {
    const hooks: OutboxHooks = {
      send: (id, request, stop) => {
        this.asked.push({ id, request, stop });
        return new Promise((resolve, reject) =>
          this.decide.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
        );
      },
      answered: (entry) => void this.answeredIds.push(entry.id),
      refused: (entry, failure) => void this.refusedNames.push(`${entry.id} ${failure.error}`),
      conflicted: (one) => void this.refusals.push(one),
      pause: (milliseconds) => {
        this.pauses.push(milliseconds);
        return new Promise((resolve) => this.go.push(resolve));
      },
      name: () => `name-${++this.names}`,
    };
    this.box = new Outbox(hooks);
  }

  async answer(answer: Edited | Error): Promise<void> {
    await vi.waitFor(() => expect(this.decide.length).toBeGreaterThan(0));
    this.decide.shift()!(answer);
    await settled();
  }

  async goOn(): Promise<void> {
    await vi.waitFor(() => expect(this.go.length).toBeGreaterThan(0));
    this.go.shift()!();
    await settled();
  }

  get sent(): string[] {
    return this.asked.map(({ id, request }) => `${id} ${request.request} ${request.revision}`);
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function refusal(status: number, more: object = {}): ServerError {
  return new ServerError(status, { error: "x", sentence: "No.", request: "r", ...more }, 3);
}

test("edits of a case go one after the other, each on the revision that the one before made", async () => {
  const desk = new Desk();
  desk.box.know("a", 7);
  desk.box.put("a", UNDO);
  desk.box.put("a", UNDO);
  expect(desk.sent).toEqual(["a name-1 7"]);
  await desk.answer(editedOf(8));
  expect(desk.sent).toEqual(["a name-1 7", "a name-2 8"]);
  await desk.answer(editedOf(9));
  expect(desk.box.count.value).toBe(0);
  expect(desk.answeredIds).toEqual(["name-1", "name-2"]);
  expect(desk.box.revision("a")).toBe(9);
});

test("cases do not wait for each other", () => {
  const desk = new Desk();
  desk.box.know("a", 0);
  desk.box.know("b", 4);
  desk.box.put("a", UNDO);
  desk.box.put("b", UNDO);
  expect(desk.sent).toEqual(["a name-1 0", "b name-2 4"]);
});

test("without an answer an edit is sent again under the same name", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  await desk.answer(new Unreachable());
  expect(desk.box.trouble.value?.kind).toBe("away");
  expect(desk.box.count.value).toBe(1);
  await desk.goOn();
  await desk.answer(new Unreachable());
  desk.box.retry();
  await settled();
  expect(desk.sent).toEqual(["a name-1 1", "a name-1 1", "a name-1 1"]);
  await desk.answer(editedOf(2));
  expect(desk.box.trouble.value).toBeNull();
  expect(desk.pauses).toEqual([500, 1000]);
});

test("a busy server is asked again after as long as it says", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  await desk.answer(refusal(429));
  expect(desk.box.trouble.value).toEqual({ kind: "busy", sentence: "No.", seconds: 3 });
  expect(desk.pauses).toEqual([3000]);
  await desk.goOn();
  await desk.answer(editedOf(2));
  expect(desk.box.count.value).toBe(0);
});

test("a later edit takes the place of one that was not sent, never of one that may have arrived", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", mark("1"), all);
  desk.box.put("a", mark("2"), all);
  desk.box.put("a", mark("3"), all);
  expect(desk.box.waiting("a").map((entry) => entry.edit)).toEqual([mark("1"), mark("3")]);
  await desk.answer(editedOf(2));
  expect(desk.asked[1]!.request.edit).toEqual(mark("3"));
});

test("a conflict takes all edits of the case out and waits for the new revision", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  desk.box.put("a", { kind: "redo" });
  await desk.answer(refusal(409, { revision: 5, kept: "kept.json" }));
  expect(desk.refusals).toHaveLength(1);
  expect(desk.refusals[0]!.edits).toEqual([UNDO, { kind: "redo" }]);
  expect(desk.refusals[0]!.conflict.kept).toBe("kept.json");
  expect(desk.box.count.value).toBe(0);
  desk.box.put("a", UNDO);
  await settled();
  expect(desk.sent).toHaveLength(1);
  desk.box.know("a", 5);
  await settled();
  expect(desk.sent.at(-1)).toBe("a name-3 5");
});

test("what the server refuses leaves the box, and the next one goes", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  desk.box.put("a", UNDO);
  await desk.answer(refusal(422));
  expect(desk.refusedNames).toEqual(["name-1 x"]);
  await desk.answer(editedOf(2));
  expect(desk.box.count.value).toBe(0);
});

test("a server that has ended keeps everything in the box until there is a new cookie", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  await desk.answer(refusal(401));
  expect(desk.box.trouble.value?.kind).toBe("signed-out");
  expect(desk.box.count.value).toBe(1);
  desk.box.retry();
  await desk.answer(editedOf(2));
  expect(desk.box.count.value).toBe(0);
});

test("what is stopped leaves the box", async () => {
  const desk = new Desk();
  desk.box.know("a", 1);
  desk.box.put("a", UNDO);
  desk.box.stop("a");
  expect(desk.asked[0]!.stop.aborted).toBe(true);
  await desk.answer(new DOMException("", "AbortError"));
  expect(desk.refusedNames).toEqual(["name-1 Stopped"]);
  expect(desk.box.count.value).toBe(0);
});
