import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Leaves out the fonts of macaw-ui, 5 MB of files: the desk uses those of the system. */
function withoutFonts(): Plugin {
  return {
    name: "without-fonts",
    enforce: "pre",
    transform(code, id) {
      if (!/macaw-ui\/dist\/style\.css/.test(id)) return null;
      return { code: code.replace(/@font-face\{[^}]*\}/g, ""), map: null };
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [withoutFonts(), react()],
  build: {
    outDir: process.env.DESK_OUT ?? "../saleor_xcover_plugin/static/saleor_xcover_plugin/desk",
    emptyOutDir: true,
    modulePreload: false,
    target: "es2022",
    chunkSizeWarningLimit: 1000,
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
