import type { Tool } from "./tool";

export const tool: Tool = {
  id: "look",
  name: "Look",
  hint: "Click or drag to move the crosshair.",
  key: "v",
  icon: "look",
  order: 0,
  mode: "look",
  cursor: "default",
};
