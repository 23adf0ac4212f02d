// A server in memory: cases, revisions, and edits that paint. It may be told to fail, or to wait.
import { deflateSync } from "node:zlib";
import type { CaseDetail, CaseSummary, Edit, EditRequest, Patch, Session } from "../../src/api/messages";
import { detailOf, editedOf, objectOf, summaryOf } from "./make";

type Reply = { status: number; body: unknown } | "away";

export class FakeServer {
  readonly cases = new Map<string, CaseDetail>();
  readonly labels = new Map<string, Uint8Array>();
  readonly edits: { case: string; request: EditRequest }[] = [];
  /** Case -> why its image cannot be opened, which is found out when that is tried. */
  readonly damaged = new Map<string, string>();
  labelNames = ["liver"];
  /** Answers that come in place of the next ones to edits. */
  readonly replies: Reply[] = [];
  private gates: { url: string; wait: Promise<void> }[] = [];

  add(id: string, change: Partial<CaseDetail> = {}): void {
    const detail = detailOf({ case: id, name: id, ...change });
    this.cases.set(id, detail);
    this.labels.set(id, new Uint8Array(detail.shape[0] * detail.shape[1] * detail.shape[2]));
  }

  /** Requests whose address holds `url` wait until the answer is called. */
  hold(url: string): () => void {
    const gate = new EventTarget();
    const wait = new Promise<void>((resolve) => gate.addEventListener("open", () => resolve()));
    this.gates.push({ url, wait });
    return () => gate.dispatchEvent(new Event("open"));
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    for (const gate of this.gates.filter((one) => url.includes(one.url))) await gate.wait;
    if (init.signal?.aborted) throw new DOMException("", "AbortError");
    const [, , room, id, what] = url.split("/");
    if (room === "session") return json(this.session());
    if (room === "cases" && !id) return json([...this.cases.values()].map((one) => this.summary(one)));
    if (room === "labels") return this.addLabel(init);
    const sentence = this.damaged.get(id!);
    if (room === "cases" && sentence) return json({ error: "input", sentence, request: "r" }, 422);
    if (room === "cases" && !what) return json(this.cases.get(id!));
    if (what === "labels") return this.array(id!);
    if (what === "edits") return this.edit(id!, JSON.parse(String(init.body)) as EditRequest);
    return what === "focus" ? new Response(null, { status: 204 }) : json({ patch: null, quality: null });
  };

  /** What another page does. */
  elsewhere(id: string): void {
    const detail = this.cases.get(id)!;
    this.cases.set(id, { ...detail, revision: detail.revision + 1 });
  }

  private session(): Session {
    const labels = this.labelNames.map((name) => ({ name, colour: "#ff0000" }));
    const model = {
      name: "m",
      adapter: null,
      state: "ready" as const,
      sentence: "",
      prompts: ["points", "box", "mask"],
      queue: 0,
    };
    const learn = { state: "idle" as const, accepted: 0, needed: 3, step: 0, steps: 0, validation: 0, sentence: "" };
    const unknown = { seconds_left: null, before: null, after: null };
    return { version: "0", folder: "f", output: "o", labels, model, learn: { ...learn, ...unknown }, limits: {} };
  }

  private summary({ case: id, name, status, revision, objects }: CaseDetail): CaseSummary {
    return summaryOf({ case: id, name, status, revision, objects: objects.length });
  }

  private addLabel(init: RequestInit): Response {
    const renamed = JSON.parse(String(init.body)) as { name: string; to?: string };
    if (renamed.to) {
      this.labelNames = this.labelNames.map((name) => (name === renamed.name ? renamed.to! : name));
      return json(this.session().labels);
    }
    this.labelNames.push((JSON.parse(String(init.body)) as { name: string }).name);
    return json(this.session().labels);
  }

  private array(id: string): Response {
    const headers = { "x-revision": String(this.cases.get(id)!.revision) };
    return new Response(this.labels.get(id)!.slice(), { headers });
  }

  private edit(id: string, request: EditRequest): Response {
    this.edits.push({ case: id, request });
    const reply = this.replies.shift();
    if (reply === "away") throw new TypeError("failed to fetch");
    if (reply) return json(reply.body, reply.status);
    const detail = this.cases.get(id)!;
    if (request.revision !== detail.revision) {
      const body = { error: "stale", sentence: "Changed.", request: "r", revision: detail.revision, kept: "kept.json" };
      return json(body, 409);
    }
    return this.done(detail, request.edit);
  }

  private done(detail: CaseDetail, edit: Edit): Response {
    const revision = detail.revision + 1;
    let { objects, asked } = detail;
    const patches: Patch[] = [];
    if (edit.kind === "add-object") objects = [...objects, objectOf(edit.object!, edit.label)];
    if (edit.kind === "ask") {
      asked = [{ object: edit.object, plane: edit.plane, index: 0, prompts: edit.prompts }];
      patches.push(this.filled(detail.case, edit.object));
    }
    if (edit.kind === "paint") patches.push(this.filled(detail.case, edit.erase ? 0 : edit.object));
    this.cases.set(detail.case, { ...detail, revision, objects, asked });
    return json(editedOf(revision, { objects, asked, patches, undo: edit.kind }));
  }

  /** The voxel (0, 0, 0) is all that this server ever draws. */
  private filled(id: string, object: number): Patch {
    this.labels.get(id)![0] = object;
    return { low: [0, 0, 0], shape: [1, 1, 1], data: deflateSync(Uint8Array.from([object])).toString("base64") };
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
