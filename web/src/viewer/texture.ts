// The voxels as they are stored, in one WebGL 2 texture with a layer for each slice, and the shader that shows them.

import type { Volume, Voxels } from "./nifti";

// The texture unit; NiiVue uses those below.
export const UNIT = 12;

// Bytes that go to the graphics process at once, so that a large volume does not lie in the queue as a whole.
const CHUNK = 16 * 2 ** 20;

export interface Format {
  sampler: string;
  internal: number;
  format: number;
  type: number;
  unit: number; // stored value of a 1 in the shader: 255 where bytes become 0..1
  convert?: (part: Voxels) => Voxels;
}

export function formatOf(gl: WebGL2RenderingContext, volume: Volume): Format {
  const { data, channels } = volume;
  const bytes = { type: gl.UNSIGNED_BYTE, sampler: "sampler2DArray", unit: 255 };
  if (channels === 3) return { ...bytes, internal: gl.RGB8, format: gl.RGB };
  if (channels === 4) return { ...bytes, internal: gl.RGBA8, format: gl.RGBA };
  if (data instanceof Uint8Array) return { ...bytes, internal: gl.R8, format: gl.RED };
  const whole = { format: gl.RED_INTEGER, unit: 1 };
  if (data instanceof Int8Array) return { ...whole, sampler: "isampler2DArray", internal: gl.R8I, type: gl.BYTE };
  if (data instanceof Int16Array) return { ...whole, sampler: "isampler2DArray", internal: gl.R16I, type: gl.SHORT };
  if (data instanceof Uint16Array) {
    return { ...whole, sampler: "usampler2DArray", internal: gl.R16UI, type: gl.UNSIGNED_SHORT };
  }
  return { sampler: "sampler2DArray", internal: gl.R32F, format: gl.RED, type: gl.FLOAT, unit: 1, convert: toFloat };
}

function toFloat(part: Voxels): Float32Array {
  return part instanceof Float32Array ? part : Float32Array.from(part);
}

export function upload(gl: WebGL2RenderingContext, volume: Volume, format: Format): WebGLTexture {
  const [width, height, depth] = volume.shape;
  const most = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  const layers = gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS) as number;
  if (width > most || height > most || depth > layers) {
    throw new Error(`An image of ${width} x ${height} x ${depth} is larger than a texture can be here.`);
  }
  while (gl.getError() !== gl.NO_ERROR); // what is found below is about this texture
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + UNIT);
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, format.internal, width, height, depth);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, side, gl.NEAREST);
  }
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  const slice = width * height * volume.channels;
  const step = Math.max(1, Math.floor(CHUNK / (slice * volume.data.BYTES_PER_ELEMENT)));
  for (let z = 0; z < depth; z += step) {
    const count = Math.min(step, depth - z);
    const part = volume.data.subarray(z * slice, (z + count) * slice);
    const pixels = format.convert ? format.convert(part) : part;
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, z, width, height, count, format.format, format.type, pixels);
  }
  if (gl.getError() !== gl.NO_ERROR) {
    gl.deleteTexture(texture);
    throw new Error("The graphics memory does not hold this image.");
  }
  return texture;
}

// Voxel values become grey here, so that another window costs nothing. Between voxels only of the same slice: what is shown
// is one slice of the file, not a mixture of neighbours. Where a pixel covers several voxels it shows their mean; else fine
// textures would turn into patterns that are not there.
export function sliceShader(format: Format): string {
  return `#version 300 es
precision highp float;
precision highp int;
uniform highp ${format.sampler} voxels;
uniform ivec3 size;
uniform int axCorSag;
uniform bool between;
uniform vec2 covered;
uniform float gain;
uniform float offset;
uniform bool grey;
in vec3 texPos;
out vec4 color;
vec3 stored(ivec3 at) {
  return vec3(texelFetch(voxels, clamp(at, ivec3(0), size - 1), 0).rgb);
}
vec3 mixed(vec3 at, ivec3 across, ivec3 down) {
  vec3 plane = vec3(across + down);
  vec3 low = floor(at - 0.5 * plane);
  vec3 part = (at - 0.5 * plane - low) * plane;
  ivec3 a = ivec3(low);
  float x = dot(part, vec3(across));
  float y = dot(part, vec3(down));
  return mix(mix(stored(a), stored(a + across), x), mix(stored(a + down), stored(a + across + down), x), y);
}
vec3 mean(vec3 at, vec3 across, vec3 down) {
  ivec2 count = clamp(ivec2(covered + 0.5), 1, 8);
  vec3 sum = vec3(0.0);
  for (int y = 0; y < count.y; y++) {
    for (int x = 0; x < count.x; x++) {
      vec2 shift = ((vec2(x, y) + 0.5) / vec2(count) - 0.5) * covered;
      sum += stored(ivec3(floor(at + across * shift.x + down * shift.y)));
    }
  }
  return sum / float(count.x * count.y);
}
void main(void) {
  vec3 at = texPos * vec3(size);
  ivec3 across = axCorSag > 1 ? ivec3(0, 1, 0) : ivec3(1, 0, 0);
  ivec3 down = axCorSag > 0 ? ivec3(0, 0, 1) : ivec3(0, 1, 0);
  vec3 value;
  if (max(covered.x, covered.y) >= 1.5) value = mean(at, vec3(across), vec3(down));
  else if (between) value = mixed(at, across, down);
  else value = stored(ivec3(floor(at)));
  vec3 shown = value * gain + offset;
  color = vec4(grey ? shown.rrr : shown, 1.0);
}`;
}
