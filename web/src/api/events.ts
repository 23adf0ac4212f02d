// The socket of what the server says by itself. It comes back by itself, later and later.
import type { Event } from "./messages";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

export interface EventsOptions {
  url: string;
  onEvent: (event: Event) => void;
  onUp: (again: boolean) => void;
  onDown: () => void;
  open?: (url: string) => WebSocket;
}

export class Events {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT;
  private opened = 0;
  private closed = false;

  constructor(private readonly options: EventsOptions) {
    this.connect();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    const socket = (this.options.open ?? ((url) => new WebSocket(url)))(this.options.url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.options.onUp(this.opened > 0);
      this.opened += 1;
    });
    socket.addEventListener("message", (message: MessageEvent<string>) => {
      this.options.onEvent(JSON.parse(message.data) as Event);
    });
    socket.addEventListener("close", () => this.again());
  }

  private again(): void {
    if (this.closed) return;
    this.options.onDown();
    this.timer = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}

export function eventsUrl(place: Location): string {
  return `${place.protocol === "https:" ? "wss" : "ws"}://${place.host}/api/events`;
}
