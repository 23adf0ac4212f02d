// Slices drawn by NiiVue (WebGL 2). NiiVue gives the context, the geometry of its slices and the drawing of them; three
// things of it are replaced, because its way does not carry an annotator:
//
// - It turns the volume into RGBA and computes a second RGBA volume of gradients, again after every change of the window:
//   for 512 x 512 x 400 voxels more than a gigabyte, and seconds. Here the voxels lie in a texture as they are stored, and
//   its slice shader, which NiiVue lets one set, applies the window.
// - Its layout zooms a slice inside the rectangle that it has at zoom 1. Here every slice uses its whole tile (camera.ts).
// - Its font and its material picture come from data: addresses, which the page's content policy forbids; nothing here
//   uses them.
//
// Slices run along the voxel grid, whatever the affine: NiiVue is told of a straight grid with its middle at 0.

import { type MvpMatrix2D, NVImage, Niivue, SLICE_TYPE } from "@niivue/niivue";

import { covered, scaleOf, type Tile } from "./camera";
import { AXES, type Grid, PLANES } from "./grid";
import type { Volume } from "./nifti";
import { channelsOf, deviceRect, type Painter, type Scene } from "./painter";
import { UNIT, formatOf, sliceShader, upload } from "./texture";

const TYPES = { axial: SLICE_TYPE.AXIAL, coronal: SLICE_TYPE.CORONAL, sagittal: SLICE_TYPE.SAGITTAL };

type Vector = Parameters<Niivue["calculateMvpMatrix2D"]>[1];

export class NiivuePainter implements Painter {
  readonly name = "niivue" as const;
  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly slices: Slices,
  ) {}

  // The canvas must be in the document's tree: NiiVue asks for its parent.
  static async create(parent: HTMLElement): Promise<NiivuePainter> {
    const canvas = document.createElement("canvas");
    parent.prepend(canvas);
    const slices = new Slices({
      isResizeCanvas: false,
      interactive: false,
      dragAndDropEnabled: false,
      loadingText: "",
      crosshairWidth: 0,
      meshThicknessOn2D: 0,
      isOrientationTextVisible: false,
      isRadiologicalConvention: true,
      sagittalNoseLeft: true,
      isSliceMM: false,
      logLevel: "error",
    });
    try {
      await slices.attachToCanvas(canvas, false);
    } catch (error) {
      canvas.remove();
      throw error;
    }
    return new NiivuePainter(canvas, slices);
  }

  load(volume: Volume, grid: Grid): void {
    this.slices.show(volume, grid);
  }

  resize(width: number, height: number, ratio: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.slices.ratio = ratio;
  }

  draw(scene: Scene): void {
    this.slices.now = scene;
    this.slices.drawScene();
  }

  dispose(): void {
    this.slices.cleanup();
    // The context is given back now, and not when the garbage is collected: browsers keep few of them.
    this.slices.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.remove();
  }
}

class Slices extends Niivue {
  ratio = 1;
  now: Scene | null = null;
  private volume: Volume | null = null;
  private voxels: WebGLTexture | null = null;
  private unit = 1;
  private tile: Tile | null = null;

  show(volume: Volume, grid: Grid): void {
    const format = formatOf(this.gl, volume);
    if (this.voxels) this.gl.deleteTexture(this.voxels);
    this.voxels = null;
    this.volume = null; // setting a shader draws at once
    this.voxels = upload(this.gl, volume, format);
    this.setCustomSliceShader(sliceShader(format));
    this.volume = volume;
    this.unit = format.unit;
    const image = straightImage(grid);
    this.volumes = [image];
    this.back = image;
    const half = grid.shape.map((n, i) => (n * grid.spacing[i]!) / 2);
    this.volumeObject3D = {
      extentsMin: half.map((v) => -v),
      extentsMax: half,
    } as unknown as NonNullable<Niivue["volumeObject3D"]>;
  }

  override drawSceneCore(): void {
    const { gl, now, volume } = this;
    if (!this.initialized) return;
    const [r, g, b] = channelsOf(now?.background ?? "#000000");
    this.opts.backColor = [r / 255, g / 255, b / 255, 1];
    this.clearBounds(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.screenSlices = [];
    if (!now || !volume || !this.voxels || !this.customSliceShader) return;
    this.setUniforms(now, volume);
    for (const plane of PLANES) {
      const axis = AXES[plane].through;
      this.scene.crosshairPos[axis] = (now.slices[plane] + 0.5) / volume.shape[axis];
    }
    for (const tile of now.tiles) {
      this.tile = tile;
      gl.useProgram(this.customSliceShader.program);
      gl.uniform2f(
        this.customSliceShader.uniforms["covered"] ?? null,
        ...covered(now.grid, tile, now.camera, this.ratio),
      );
      this.draw2DMain(deviceRect(tile, this.ratio), TYPES[tile.plane]);
    }
  }

  private setUniforms(now: Scene, volume: Volume): void {
    const { gl } = this;
    const { program, uniforms } = this.customSliceShader!;
    const at = (name: string) => uniforms[name] ?? null;
    gl.useProgram(program);
    gl.activeTexture(gl.TEXTURE0 + UNIT);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.voxels);
    gl.uniform1i(at("voxels"), UNIT);
    gl.uniform3i(at("size"), ...volume.shape);
    gl.uniform1i(at("between"), now.smooth ? 1 : 0);
    gl.uniform1i(at("grey"), volume.channels === 1 ? 1 : 0);
    gl.uniform1f(at("gain"), (volume.slope * this.unit) / (now.high - now.low));
    gl.uniform1f(at("offset"), (volume.intercept - now.low) / (now.high - now.low));
  }

  // The part of the plane that the whole tile shows, in place of the extent of the volume.
  override calculateMvpMatrix2D(rect: number[], mn: Vector, mx: Vector, ...rest: Rest): MvpMatrix2D {
    const { tile, now } = this;
    if (!tile || !now) return super.calculateMvpMatrix2D(rect, mn, mx, ...rest);
    const { across, down } = AXES[tile.plane];
    const { grid, camera } = now;
    const scale = scaleOf(grid, tile, camera.zoom) * this.ratio;
    // Rounding tiles to device pixels moves their middle by less than a pixel: the shift keeps voxels where camera.ts says.
    const shiftX = (rect[0]! + rect[2]! / 2) / this.ratio - (tile.left + tile.width / 2);
    const shiftY = (rect[1]! + rect[3]! / 2) / this.ratio - (tile.top + tile.height / 2);
    const x = middle(grid, camera.centre, across) - (shiftX * this.ratio) / scale;
    const y = middle(grid, camera.centre, down) - (shiftY * this.ratio) / scale;
    const [wide, high] = [rect[2]! / scale / 2, rect[3]! / scale / 2];
    const low = Float32Array.of(x - wide, y - high, mn[2]!);
    const top = Float32Array.of(x + wide, y + high, mx[2]!);
    return super.calculateMvpMatrix2D(rect, low as Vector, top as Vector, ...rest);
  }

  // Never called for: there is no volume that NiiVue would have to turn into RGBA.
  override refreshLayers(): void {}

  override loadDefaultFont(): Promise<void> {
    return Promise.resolve();
  }

  override loadDefaultMatCap(): Promise<null> {
    return Promise.resolve(null);
  }
}

type Rest = Parameters<Niivue["calculateMvpMatrix2D"]> extends [number[], Vector, Vector, ...infer R] ? R : never;

function middle(grid: Grid, centre: readonly number[], axis: number): number {
  return (centre[axis]! - (grid.shape[axis]! - 1) / 2) * grid.spacing[axis]!;
}

// A header without voxels, from which NiiVue computes its matrices.
function straightImage(grid: Grid): NVImage {
  const image = new NVImage();
  const { shape, spacing } = grid;
  const affine = [0, 1, 2].map((row) => {
    const line = [0, 0, 0, (-spacing[row]! * (shape[row]! - 1)) / 2];
    line[row] = spacing[row]!;
    return line;
  });
  image.hdr = {
    dims: [3, ...shape, 1, 1, 1, 1],
    pixDims: [1, ...spacing, 0, 0, 0, 0],
    affine: [...affine, [0, 0, 0, 1]],
    qform_code: 1,
    sform_code: 1,
  } as unknown as NVImage["hdr"];
  image.calculateRAS();
  return image;
}
