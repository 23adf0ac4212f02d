import type { App } from "../state/app";
import type { Gestures, KeyPointer } from "../state/gestures";

export const GROUPS = ["Tools", "Editing", "Objects", "Moving about", "View", "Cases"] as const;

export interface Hands {
  app: App;
  gestures: Gestures;
  keys: KeyPointer;
}

/** Something a person can do: with a key, a button, or from a menu. The sheet of keys lists all of them. */
export interface Command {
  id: string;
  group: (typeof GROUPS)[number];
  name: string;
  /** What it does, where the name does not say it all. */
  what?: string;
  keys: readonly string[];
  run(hands: Hands): void;
  enabled?(app: App): boolean;
  /** Whether it is on, for those that are switched. */
  pressed?(app: App): boolean;
}
