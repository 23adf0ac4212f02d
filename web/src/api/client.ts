// The server's routes, one method each. Nothing here knows of signals or of the page.
import { ServerError, Unreachable } from "./errors";
import type {
  CaseDetail,
  CaseSummary,
  Edited,
  EditRequest,
  ExportedSet,
  ExportRequest,
  Failure,
  Focus,
  Label,
  LearnRequest,
  LearnState,
  NewLabel,
  Previewed,
  PreviewRequest,
  RenamedLabel,
  Session,
} from "./messages";

export interface Download {
  name: string;
  content: Blob;
}

/** Object numbers on the shown grid, first axis fastest. */
export interface LabelArray {
  revision: number;
  values: Uint8Array;
}

type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export class Api {
  constructor(private readonly fetch: Fetch = (input, init) => globalThis.fetch(input, init)) {}

  health(): Promise<unknown> {
    return this.get("/api/health");
  }

  session(): Promise<Session> {
    return this.get("/api/session");
  }

  cases(): Promise<CaseSummary[]> {
    return this.get("/api/cases");
  }

  detail(id: string, signal?: AbortSignal): Promise<CaseDetail> {
    return this.get(path(id), signal);
  }

  imageUrl(id: string): string {
    return `${path(id)}/image`;
  }

  async labels(id: string, signal?: AbortSignal): Promise<LabelArray> {
    const answer = await this.send("GET", `${path(id)}/labels`, undefined, signal);
    const values = new Uint8Array(await answer.arrayBuffer());
    return { revision: Number(answer.headers.get("x-revision")), values };
  }

  edit(id: string, request: EditRequest, signal?: AbortSignal): Promise<Edited> {
    return this.post(`${path(id)}/edits`, request, signal);
  }

  preview(id: string, request: PreviewRequest, signal?: AbortSignal): Promise<Previewed> {
    return this.post(`${path(id)}/preview`, request, signal);
  }

  async focus(id: string, focus: Focus): Promise<void> {
    await this.send("POST", `${path(id)}/focus`, focus);
  }

  async export(id: string, request: ExportRequest): Promise<Download> {
    const answer = await this.send("POST", `${path(id)}/export`, request);
    const said = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
    return { name: said?.[1] ?? "masks", content: await answer.blob() };
  }

  addLabel(label: NewLabel): Promise<Label[]> {
    return this.post("/api/labels", label);
  }

  renameLabel(label: RenamedLabel): Promise<Label[]> {
    return this.post("/api/labels/rename", label);
  }

  dataset(): Promise<ExportedSet> {
    return this.post("/api/dataset", {});
  }

  learn(request: LearnRequest): Promise<LearnState> {
    return this.post("/api/learn", request);
  }

  private async get<T>(url: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.send("GET", url, undefined, signal)).json()) as T;
  }

  private async post<T>(url: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return (await (await this.send("POST", url, body, signal)).json()) as T;
  }

  private async send(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.fetch(url, {
        method,
        credentials: "same-origin",
        cache: "no-store",
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable();
    }
    if (!answer.ok) throw await failed(answer);
    return answer;
  }
}

function path(id: string): string {
  return `/api/cases/${encodeURIComponent(id)}`;
}

async function failed(answer: Response): Promise<ServerError> {
  const after = Number(answer.headers.get("retry-after"));
  return new ServerError(answer.status, await failure(answer), after > 0 ? after : null);
}

async function failure(answer: Response): Promise<Failure> {
  try {
    const said = (await answer.json()) as Partial<Failure>;
    if (typeof said.sentence === "string") return { error: "", request: "", ...said, sentence: said.sentence };
  } catch {
    // Not JSON: something other than the annotator answered.
  }
  return { error: "Http", sentence: `The server answered with status ${answer.status}.`, request: "" };
}
