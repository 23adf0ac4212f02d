import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

// While the page is worked on, `SAMARITAN_OUT=folder npm run dev` passes requests on to the `samaritan annotate` that writes
// its results to that folder, with the token for scripts that lies there.
function toServer(): Record<string, ProxyOptions> {
  const output = process.env["SAMARITAN_OUT"];
  if (!output) return {};
  const { url, token } = JSON.parse(readFileSync(join(output, ".samaritan", "server.json"), "utf-8")) as Server;
  const headers = { authorization: `Bearer ${token}`, origin: new URL(url).origin };
  return { "/api": { target: url, ws: true, changeOrigin: true, headers } };
}

interface Server {
  url: string;
  token: string;
}

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
    proxy: toServer(),
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.{ts,tsx}", "src/**/*.test.{ts,tsx}"],
  },
});
