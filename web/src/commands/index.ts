// The one table of what can be done: keys, buttons, menus, the sheet and the page of the documentation are made from it.
import type { App } from "../state/app";
import { chordOf, isSingle } from "./chord";
import type { Command, Hands } from "./command";
import { EDITING, OBJECTS, TOOL_COMMANDS, TOOL_SETTINGS } from "./editing";
import { CASES, MOVING, VIEW } from "./moving";

export const COMMANDS: readonly Command[] = [
  ...TOOL_COMMANDS,
  ...TOOL_SETTINGS,
  ...EDITING,
  ...OBJECTS,
  ...MOVING,
  ...VIEW,
  ...CASES,
];

const BY_ID = new Map(COMMANDS.map((command) => [command.id, command]));
const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command] as const)));

export function commandNamed(id: string): Command {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`There is no command ${id}.`);
  return found;
}

export function isEnabled(app: App, command: Command): boolean {
  return command.enabled?.(app) ?? true;
}

/** The command of a key, or null where the key belongs to what has the focus. */
export function commandFor(event: KeyboardEvent, singleKeys: boolean): Command | null {
  const chord = chordOf(event);
  const command = BY_KEY.get(chord);
  if (!command) return null;
  if (isSingle(chord) && !singleKeys && !/^(arrow|page|home|end|enter|shift\+arrow)/.test(chord)) return null;
  return belongsTo(event.target, chord) ? null : command;
}

/** Whether the focused element needs the key itself. */
function belongsTo(target: EventTarget | null, chord: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const typing = target.isContentEditable || (target.matches("input, textarea, select") && !target.matches(NO_TEXT));
  if (typing)
    return chord !== "f1" && (isSingle(chord) || /^ctrl\+(shift\+)?[zy]$|ctrl\+(delete|backspace)/.test(chord));
  if (/^(enter|space)$/.test(chord)) return target.matches("button, a, summary, input, [role=option], [role=menuitem]");
  if (/^(arrow|home|end|page)/.test(chord)) {
    return target.matches(
      "input[type=range], input[type=radio], [role=option], [role=listbox], [role=menuitem], summary",
    );
  }
  return false;
}

const NO_TEXT = "input[type=range], input[type=checkbox], input[type=radio], input[type=button], input[type=color]";

/** Keys of the whole page. Returns how to stop listening. */
export function listenToKeys(hands: Hands, target: Document = document): () => void {
  const pressed = (event: KeyboardEvent) => {
    const { view } = hands.app;
    if (event.defaultPrevented || event.isComposing) return;
    const command = commandFor(event, view.singleKeys.value);
    if (!command || (document.querySelector("dialog[open]") && command.id !== "keys")) return;
    event.preventDefault();
    if (isEnabled(hands.app, command)) command.run(hands);
  };
  target.addEventListener("keydown", pressed);
  return () => target.removeEventListener("keydown", pressed);
}
