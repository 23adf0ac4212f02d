import { defineConfig } from "vitest/config";

// Where `samaritan annotate` runs while the page is worked on: `npm run dev` passes its requests on.
const server = process.env["SAMARITAN_URL"] ?? "http://127.0.0.1:8765";

export default defineConfig({
  base: "/",
  resolve: {
    alias: [{ find: /^numcodecs\/.*$/, replacement: new URL("src/viewer/absent.ts", import.meta.url).pathname }],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/samaritan/annotate/server/static",
    emptyOutDir: true,
    target: "es2022",
    // The server's content policy is default-src 'self': nothing inline, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: server, ws: true } },
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.{ts,tsx}", "src/**/*.test.{ts,tsx}"],
  },
});
