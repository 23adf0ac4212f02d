// The list of cases: which are shown, in which order, and which one comes next.
import { computed, signal } from "@preact/signals";
import type { CaseSummary } from "../api/messages";

export type Status = CaseSummary["status"];
export type Order = "name" | "uncertainty";

export const STATUSES: readonly Status[] = ["open", "work", "accepted", "skipped"];
export const STATUS_WORDS: Record<Status, string> = {
  open: "Open",
  work: "In work",
  accepted: "Accepted",
  skipped: "Skipped",
};

const NAMES = new Intl.Collator("en", { numeric: true });

export interface Filter {
  text: string;
  status: Status | null;
  order: Order;
}

export function chosen(cases: readonly CaseSummary[], filter: Filter): CaseSummary[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = cases.filter(
    (one) =>
      (!filter.status || one.status === filter.status) &&
      words.every((word) => `${one.name} ${one.note}`.toLowerCase().includes(word)),
  );
  return filter.order === "name" ? found.toSorted(byName) : found.toSorted(byUncertainty);
}

export function neighbour(list: readonly CaseSummary[], id: string | null, step: 1 | -1): CaseSummary | undefined {
  const usable = list.filter((one) => !one.problem || one.case === id);
  const at = usable.findIndex((one) => one.case === id);
  return at < 0 ? usable.at(step > 0 ? 0 : -1) : usable[at + step];
}

/** The next case that still waits for a person, after the one that is open; from the start again at the end. */
export function nextOpen(list: readonly CaseSummary[], id: string | null): CaseSummary | undefined {
  const at = list.findIndex((one) => one.case === id);
  const round = [...list.slice(at + 1), ...list.slice(0, Math.max(at, 0))];
  return round.find((one) => !one.problem && (one.status === "open" || one.status === "work"));
}

function byName(one: CaseSummary, other: CaseSummary): number {
  return NAMES.compare(one.name, other.name);
}

function byUncertainty(one: CaseSummary, other: CaseSummary): number {
  return (other.uncertainty ?? -1) - (one.uncertainty ?? -1) || byName(one, other);
}

export class Cases {
  readonly all = signal<readonly CaseSummary[] | null>(null);
  readonly filter = signal<Filter>({ text: "", status: null, order: "name" });
  readonly shown = computed(() => chosen(this.all.value ?? [], this.filter.value));
  readonly counts = computed(() => {
    const counts: Record<Status, number> = { open: 0, work: 0, accepted: 0, skipped: 0 };
    for (const one of this.all.value ?? []) counts[one.status] += 1;
    return counts;
  });

  refine(change: Partial<Filter>): void {
    this.filter.value = { ...this.filter.value, ...change };
  }

  find(id: string): CaseSummary | undefined {
    return this.all.value?.find((one) => one.case === id);
  }

  update(id: string, change: Partial<CaseSummary>): void {
    this.all.value = (this.all.value ?? []).map((one) => (one.case === id ? { ...one, ...change } : one));
  }
}
