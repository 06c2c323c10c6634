import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  // The window loads files, not a site: one page, relative paths, the engine we ship against.
  base: "./",
  build: { target: "es2022", modulePreload: false, chunkSizeWarningLimit: 1500 },
  server: { port: 5173, strictPort: true },
  clearScreen: false,
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/testSetup.ts"],
    testTimeout: 20_000,
  },
});
