// The list of cases at the left.
import { useEffect, useRef } from "preact/hooks";
import type { CaseSummary } from "../api/messages";
import type { App } from "../state/app";
import { STATUSES, STATUS_WORDS, type Order } from "../state/cases";
import { openCase } from "../state/opening";
import { CommandButton } from "./buttons";
import { useApp } from "./context";
import { Icon, StatusShape } from "./icons";

export function Cases() {
  const app = useApp();
  const all = app.cases.all.value;
  return (
    <nav class="panel cases" aria-label="Cases">
      <div class="panel-head">
        <h2>Cases</h2>
        <span class="count">{all?.length ?? ""}</span>
        <CommandButton id="previous-case" icon="up" kind="quiet" />
        <CommandButton id="next-case" icon="down" kind="quiet" />
      </div>
      <Filters />
      <List />
      <Done />
    </nav>
  );
}

function Filters() {
  const { cases } = useApp();
  const filter = cases.filter.value;
  return (
    <div class="filters">
      <label class="search">
        <Icon name="search" size={16} />
        <input
          type="search"
          placeholder="Find a case"
          aria-label="Find a case by name or note"
          value={filter.text}
          onInput={(event) => cases.refine({ text: event.currentTarget.value })}
        />
      </label>
      <div class="chips" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={filter.status === status}
            data-tip={STATUS_WORDS[status]}
            aria-label={`${STATUS_WORDS[status]}: ${cases.counts.value[status]}`}
            onClick={() => cases.refine({ status: filter.status === status ? null : status })}
          >
            <StatusShape status={status} />
            {cases.counts.value[status]}
          </button>
        ))}
      </div>
      <label class="order">
        <span>Order</span>
        <select
          class="select"
          value={filter.order}
          onChange={(event) => cases.refine({ order: event.currentTarget.value as Order })}
        >
          <option value="name">by name</option>
          <option value="uncertainty">least certain first</option>
        </select>
      </label>
    </div>
  );
}

function List() {
  const app = useApp();
  const { cases } = app;
  const shown = cases.shown.value;
  if (cases.all.value === null) return <p class="empty">Reading the list…</p>;
  if (!cases.all.value.length) return <p class="empty">No image was found in {app.session.value?.folder}.</p>;
  if (!shown.length) {
    return (
      <div class="empty">
        <p>No case is like that.</p>
        <button type="button" class="button with-words" onClick={() => cases.refine({ text: "", status: null })}>
          Show all
        </button>
      </div>
    );
  }
  return (
    <ul class="case-list">
      {shown.map((one) => (
        <Row key={one.case} summary={one} />
      ))}
    </ul>
  );
}

function Row({ summary }: { summary: CaseSummary }) {
  const app = useApp();
  const row = useRef<HTMLButtonElement>(null);
  const current = (app.doc.loading.value ?? app.doc.detail.value?.case) === summary.case;
  useEffect(() => {
    if (current) row.current?.scrollIntoView?.({ block: "nearest" });
  }, [current]);
  return (
    <li>
      <button
        ref={row}
        type="button"
        class="case"
        aria-current={current ? "true" : undefined}
        title={summary.problem ?? summary.name}
        onClick={() => void choose(app, summary.case)}
      >
        <StatusShape status={summary.status} />
        <span class="case-name">{summary.name}</span>
        <Facts summary={summary} />
      </button>
    </li>
  );
}

/** Keys act on the image as soon as it is there. */
async function choose(app: App, id: string): Promise<void> {
  app.view.uncover();
  await openCase(app, id);
  if (app.doc.id === id) document.getElementById("image")?.focus();
}

function Facts({ summary }: { summary: CaseSummary }) {
  if (summary.problem) {
    return (
      <span class="case-facts problem">
        <Icon name="warning" size={13} /> {summary.problem}
      </span>
    );
  }
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

function Done() {
  const { cases } = useApp();
  const total = cases.all.value?.length ?? 0;
  const done = cases.counts.value.accepted;
  return (
    <div class="panel-foot">
      <progress max={total || 1} value={done} aria-label="Accepted cases" />
      <span>
        {done} of {total} accepted
      </span>
    </div>
  );
}
