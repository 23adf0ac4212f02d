import { withScribble } from "../state/prompts";
import { Line, type Tool } from "./tool";

const MOST_POINTS = 2000;

export const tool: Tool = {
  id: "scribble",
  name: "Scribble",
  hint: "Draw a line through the object; with alt held, through what does not belong to it.",
  key: "s",
  icon: "scribble",
  order: 3,
  mode: "draw",
  cursor: "crosshair",
  signed: true,
  needs: "points",
  begin(work, pointer) {
    const line = new Line(pointer.mm, work.grain, MOST_POINTS);
    const { plane } = work.place;
    return {
      move(at) {
        if (line.add(at)) work.draft([{ kind: "line", path: [...line.path], plane, positive: work.positive }]);
      },
      end(at) {
        line.add(at);
        work.draft([]);
        work.ask(withScribble(work.prompts, line.path, work.positive));
      },
      cancel: () => work.draft([]),
    };
  },
};
