// Settings of this browser. A browser may refuse to keep anything: then they last as long as the page.
import { effect, signal, type Signal } from "@preact/signals";

export function kept<T>(name: string, first: T, store: Storage | null = browserStore()): Signal<T> {
  const key = `samaritan.${name}`;
  const value = signal<T>(read(store, key, first));
  effect(() => {
    const text = JSON.stringify(value.value);
    try {
      store?.setItem(key, text);
    } catch {
      // Full, or not allowed.
    }
  });
  return value;
}

function read<T>(store: Storage | null, key: string, first: T): T {
  try {
    const text = store?.getItem(key);
    return text ? (JSON.parse(text) as T) : first;
  } catch {
    return first;
  }
}

function browserStore(): Storage | null {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}
