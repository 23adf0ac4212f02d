// The list of cases: which are shown, in which order, and which one comes next.
import { computed, signal } from "@preact/signals";
import type { CaseSummary } from "../api/messages";

export type Status = CaseSummary["status"];
/** What the list tells cases apart by: one whose image cannot be opened has no status that counts. */
export type Kind = Status | "problem";
export type Order = "name" | "uncertainty";

export const STATUSES: readonly Status[] = ["open", "work", "accepted", "skipped"];
export const STATUS_WORDS: Record<Kind, string> = {
  open: "Open",
  work: "In work",
  accepted: "Accepted",
  skipped: "Skipped",
  problem: "Cannot be opened",
};

const NAMES = new Intl.Collator("en", { numeric: true });

export interface Filter {
  text: string;
  status: Kind | null;
  order: Order;
}

export function kindOf(one: CaseSummary): Kind {
  return one.problem ? "problem" : one.status;
}

export function chosen(cases: readonly CaseSummary[], filter: Filter): CaseSummary[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = cases.filter(
    (one) =>
      (!filter.status || kindOf(one) === filter.status) &&
      words.every((word) => `${one.name} ${one.note}`.toLowerCase().includes(word)),
  );
  return filter.order === "name" ? found.toSorted(byName) : found.toSorted(byUncertainty);
}

/** The cases that come after the one that is open, or before it, the nearest first. */
export function beyond(list: readonly CaseSummary[], id: string | null, step: 1 | -1): CaseSummary[] {
  const ordered = step > 0 ? list : list.toReversed();
  return ordered.slice(ordered.findIndex((one) => one.case === id) + 1).filter((one) => !one.problem);
}

/** The cases that still wait for a person, from the one after that which is open; from the start again at the end. */
export function waiting(list: readonly CaseSummary[], id: string | null): CaseSummary[] {
  const at = list.findIndex((one) => one.case === id);
  const round = [...list.slice(at + 1), ...list.slice(0, Math.max(at, 0))];
  return round.filter((one) => ["open", "work"].includes(kindOf(one)));
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
    const counts: Record<Kind, number> = { open: 0, work: 0, accepted: 0, skipped: 0, problem: 0 };
    for (const one of this.all.value ?? []) counts[kindOf(one)] += 1;
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
