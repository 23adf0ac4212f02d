// The list of cases at the left.
import { STATUSES, STATUS_WORDS, type Kind, type Order } from "../state/cases";
import { CommandButton } from "./buttons";
import { CaseRows } from "./CaseRows";
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
  const kinds: Kind[] = cases.counts.value.problem ? [...STATUSES, "problem"] : [...STATUSES];
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
        {kinds.map((status) => (
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
  return <CaseRows shown={shown} />;
}

function Done() {
  const { cases } = useApp();
  const { accepted: done, problem } = cases.counts.value;
  const total = (cases.all.value?.length ?? 0) - problem;
  return (
    <div class="panel-foot">
      <progress max={total || 1} value={done} aria-label="Accepted cases" />
      <span>
        {done} of {total} accepted{problem > 0 && `, ${problem} cannot be opened`}
      </span>
    </div>
  );
}
