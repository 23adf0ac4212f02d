// All tools of this folder, in the order of the toolbar.
import type { Tool } from "./tool";

const files = import.meta.glob<{ tool?: Tool }>("./*.ts", { eager: true });

export const TOOLS: readonly Tool[] = Object.values(files)
  .flatMap((file) => (file.tool ? [file.tool] : []))
  .toSorted((one, other) => one.order - other.order);

export function toolNamed(id: string): Tool {
  return TOOLS.find((one) => one.id === id) ?? TOOLS[0]!;
}
