// Brush and eraser: each piece is seen at once, the whole line is one edit.
import { Line, type Gesture, type Mm, type Pointer, type Work } from "./tool";

const MOST_POINTS = 5000;

export function stroke(work: Work, pointer: Pointer, erase: boolean): Gesture {
  const line = new Line(pointer.mm, work.grain, MOST_POINTS);
  work.dab({ path: line.path, erase });
  const grow = (at: Mm) => {
    const last = line.path.at(-1)!;
    if (line.add(at)) work.dab({ path: [last, at], erase });
  };
  const keep = () => work.paint({ path: line.path, erase });
  return {
    move: grow,
    end(at) {
      grow(at);
      keep();
    },
    // What was seen as painted is kept; undo takes it back.
    cancel: keep,
  };
}
