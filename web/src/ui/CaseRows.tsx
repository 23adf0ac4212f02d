// The rows of the list of cases. Of a long list only those in sight are made.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { CaseSummary } from "../api/messages";
import type { App } from "../state/app";
import { kindOf, STATUS_WORDS } from "../state/cases";
import { currentCase, openCase } from "../state/opening";
import { useApp } from "./context";
import { StatusShape } from "./icons";

/** Of a row, in CSS pixels; the style sheet says the same. */
const HEIGHT = 44;
/** Rows that are made above and below those in sight. */
const AROUND = 20;

export function CaseRows({ shown }: { shown: readonly CaseSummary[] }) {
  const app = useApp();
  const list = useRef<HTMLUListElement>(null);
  const top = useSignal(0);
  const current = currentCase(app);
  const at = shown.findIndex((one) => one.case === current);
  useEffect(() => reveal(list.current, at), [at]);
  const first = Math.max(Math.floor(top.value / HEIGHT) - AROUND, 0);
  const last = Math.min(Math.ceil((top.value + globalThis.innerHeight) / HEIGHT) + AROUND, shown.length);
  return (
    <ul ref={list} class="case-list" onScroll={(event) => (top.value = event.currentTarget.scrollTop)}>
      <li class="case-space" aria-hidden="true" style={{ height: `${first * HEIGHT}px` }} />
      {shown.slice(first, last).map((one, index) => (
        <li key={one.case} aria-posinset={first + index + 1} aria-setsize={shown.length}>
          <Row summary={one} current={one.case === current} />
        </li>
      ))}
      <li class="case-space" aria-hidden="true" style={{ height: `${(shown.length - last) * HEIGHT}px` }} />
    </ul>
  );
}

function reveal(list: HTMLElement | null, at: number): void {
  if (!list || at < 0) return;
  const [low, high] = [at * HEIGHT, (at + 1) * HEIGHT];
  if (low < list.scrollTop) list.scrollTop = low;
  else if (high > list.scrollTop + list.clientHeight) list.scrollTop = high - list.clientHeight + HEIGHT;
}

function Row({ summary, current }: { summary: CaseSummary; current: boolean }) {
  const app = useApp();
  return (
    <button
      type="button"
      class="case"
      aria-current={current ? "true" : undefined}
      title={summary.problem ?? summary.name}
      onClick={() => void choose(app, summary.case)}
    >
      <StatusShape status={kindOf(summary)} />
      <span class="case-name">{summary.name}</span>
      <Facts summary={summary} />
    </button>
  );
}

/** Keys act on the image as soon as it is there. */
async function choose(app: App, id: string): Promise<void> {
  app.view.uncover();
  await openCase(app, id);
  if (app.doc.id === id) document.getElementById("image")?.focus();
}

function Facts({ summary }: { summary: CaseSummary }) {
  if (summary.problem) return <span class="case-facts problem">{reason(summary.name, summary.problem)}</span>;
  const objects = summary.objects === 1 ? "1 object" : `${summary.objects} objects`;
  return (
    <span class="case-facts">
      {STATUS_WORDS[summary.status]}
      {summary.objects > 0 && <span class="dot">{objects}</span>}
      {summary.proposal && <span class="dot">proposal</span>}
      {summary.uncertainty !== null && (
        <span class="dot" title="How much the model's answers disagree, 0 to 1">
          uncertain {summary.uncertainty.toFixed(2)}
        </span>
      )}
      {summary.note && <span class="dot">note</span>}
    </span>
  );
}

/** The sentence without the name that it begins with, which stands above it and would take its place. */
function reason(name: string, problem: string): string {
  return problem.startsWith(name) ? problem.slice(name.length).replace(/^\S*\s+/, "") : problem;
}
