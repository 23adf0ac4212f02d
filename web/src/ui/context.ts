import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Hands } from "../commands/command";

export const HandsContext = createContext<Hands | null>(null);

export function useHands(): Hands {
  return useContext(HandsContext)!;
}

export function useApp(): Hands["app"] {
  return useHands().app;
}
