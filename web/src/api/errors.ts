// What can go wrong between page and server, as the page has to tell it apart.
import type { Conflict, Failure } from "./messages";

/** The server answered with 400 or more. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    readonly failure: Failure,
    readonly retryAfter: number | null = null,
  ) {
    super(failure.sentence);
    this.name = "ServerError";
  }

  /** Another page changed the case; null where this is another error. */
  get conflict(): Conflict | null {
    return this.status === 409 && "revision" in this.failure ? (this.failure as Conflict) : null;
  }

  /** It may work later without a change. */
  get busy(): boolean {
    return this.status === 429 || this.status === 503;
  }

  /** The cookie is not the one of the server that runs now. */
  get signedOut(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** There was no answer. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
    this.name = "Unreachable";
  }
}

/** One sentence for a person, whatever was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
