// The two canvases of the viewer, the painter of the lower one, and what happens when WebGL goes away: the 2D canvas takes
// over at once, and WebGL comes back when the browser gives the context back.

import { CanvasPainter } from "./canvas";
import type { Grid } from "./grid";
import type { Volume } from "./nifti";
import { PLAIN, type Painter, type Scene } from "./painter";

const PATIENCE = 4000; // ms until a lost context counts as gone

export class Stage {
  readonly surface = document.createElement("canvas");
  readonly context = this.surface.getContext("2d", PLAIN)!;
  onChange: () => void = () => {}; // size or painter
  onLost: () => void = () => {};
  width = 1; // CSS pixels
  height = 1;
  ratio = 1;
  private readonly box = document.createElement("div");
  private painter: Painter = new CanvasPainter();
  private volume: { volume: Volume; grid: Grid } | null = null;
  private readonly off = new AbortController();
  private readonly observer = new ResizeObserver(() => this.resize());
  private drawn: string | null = null; // the scene that the painter's canvas shows
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    host: HTMLElement,
    private readonly webgl: boolean,
  ) {
    // Styles are set here one by one: the page's content policy forbids style attributes in HTML, but not this.
    place(this.box, "hidden");
    if (getComputedStyle(host).position === "static") host.style.position = "relative";
    place(this.surface, "visible");
    this.box.append(this.surface);
    host.append(this.box);
    this.adopt(this.painter);
    this.observer.observe(this.box);
    this.resize();
    this.watchRatio();
  }

  get name(): "niivue" | "canvas" {
    return this.painter.name;
  }

  async start(): Promise<void> {
    if (!this.webgl) return;
    try {
      const { NiivuePainter } = await import("./niivue");
      this.swap(this.watch(await NiivuePainter.create(this.box)));
    } catch (error) {
      console.warn("Drawing without WebGL:", error);
    }
  }

  async load(volume: Volume, grid: Grid): Promise<void> {
    this.volume = { volume, grid };
    this.drawn = null;
    // An earlier image may have been too large for a texture.
    if (this.webgl && this.name === "canvas" && this.waiting === undefined) await this.start();
    try {
      this.painter.load(volume, grid);
    } catch (error) {
      console.warn("Drawing without WebGL:", error);
      this.swap(new CanvasPainter());
    }
  }

  // Nothing is painted where nothing but what lies over the image has changed, as while a brush hovers.
  draw(scene: Scene): void {
    const { grid: _, ...rest } = scene;
    const wanted = JSON.stringify(rest);
    if (wanted === this.drawn) return;
    this.painter.draw(scene);
    this.drawn = wanted;
  }

  resize(): void {
    const box = this.box.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.max(1, Math.round(box.width * ratio)), Math.max(1, Math.round(box.height * ratio))];
    if (this.surface.width === width && this.surface.height === height && this.ratio === ratio) return;
    this.ratio = ratio;
    this.width = width / ratio;
    this.height = height / ratio;
    this.surface.width = width;
    this.surface.height = height;
    this.drawn = null;
    this.painter.resize(width, height, ratio);
    this.onChange();
  }

  dispose(): void {
    this.off.abort();
    clearTimeout(this.waiting);
    this.observer.disconnect();
    this.painter.dispose();
    this.box.remove();
  }

  // A window that goes to another screen keeps its size, so nothing else tells of it.
  private watchRatio(): void {
    const { signal } = this.off;
    const changed = () => {
      this.resize();
      this.watchRatio();
    };
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", changed, { signal, once: true });
  }

  private adopt(painter: Painter): void {
    this.drawn = null;
    place(painter.canvas, "visible");
    this.box.prepend(painter.canvas);
    painter.resize(this.surface.width, this.surface.height, this.ratio);
    if (this.volume) painter.load(this.volume.volume, this.volume.grid);
  }

  // The new painter is ready before the old one goes, so that the image is never away.
  private swap(painter: Painter): void {
    const old = this.painter;
    this.adopt(painter);
    this.painter = painter;
    old.dispose();
    this.onChange();
  }

  private watch(painter: Painter): Painter {
    const { signal } = this.off;
    const { canvas } = painter;
    canvas.addEventListener("webglcontextlost", (event) => this.lost(event, canvas), { signal, once: true });
    return painter;
  }

  private lost(event: Event, canvas: HTMLCanvasElement): void {
    if (this.painter.canvas !== canvas) return; // given up on purpose
    event.preventDefault(); // without it the context never comes back
    const back = new AbortController();
    const { signal } = back;
    this.swap(new CanvasPainter());
    this.waiting = setTimeout(() => {
      back.abort();
      this.onLost();
    }, PATIENCE);
    const restored = () => {
      clearTimeout(this.waiting);
      this.waiting = undefined;
      back.abort();
      void this.start();
    };
    canvas.addEventListener("webglcontextrestored", restored, { signal });
  }
}

function place(element: HTMLElement, overflow: string): void {
  Object.assign(element.style, { position: "absolute", inset: "0", width: "100%", height: "100%", overflow });
  element.style.display = "block";
}
