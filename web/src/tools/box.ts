import { withBox } from "../state/prompts";
import { isFar, type Mm, type Tool, type Work } from "./tool";

export const tool: Tool = {
  id: "box",
  name: "Box",
  hint: "Drag a box around the object; the mask shows while you drag where the machine keeps up.",
  key: "b",
  icon: "box",
  order: 2,
  mode: "draw",
  cursor: "crosshair",
  needs: "box",
  begin(work, pointer) {
    const from = pointer.mm;
    const drawn = (to: Mm) => isFar(from, to, work.grain * 4);
    return {
      move(to) {
        show(work, from, to);
        if (drawn(to)) work.preview(withBox(work.prompts, from, to));
      },
      end(to) {
        work.draft([]);
        if (drawn(to)) work.ask(withBox(work.prompts, from, to));
      },
      cancel: () => work.draft([]),
    };
  },
};

function show(work: Work, a: Mm, b: Mm): void {
  work.draft([{ kind: "box", a, b, plane: work.place.plane, dashed: true }]);
}
