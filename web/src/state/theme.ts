// Dark or light: what the system prefers, unless a person chose.
import { computed, effect, signal } from "@preact/signals";
import type { App } from "./app";

const query = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const system = signal(query ? query.matches : true);
query?.addEventListener("change", (event) => (system.value = event.matches));

const wanted = signal<"auto" | "dark" | "light">("auto");

export const isDark = computed(() => (wanted.value === "auto" ? system.value : wanted.value === "dark"));

export function bindTheme(app: App): void {
  effect(() => {
    wanted.value = app.view.theme.value;
  });
  effect(() => {
    document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  });
}
