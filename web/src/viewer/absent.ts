// In place of the decoders of zarr files that NiiVue could load: 1.4 MB that no image of the annotator needs (vite.config.ts).
export default null;
