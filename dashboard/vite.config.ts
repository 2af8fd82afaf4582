import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { onlyUsed } from "./onlyUsed.ts";

/** The parts of macaw-ui that the desk imports; the build fails where one is missing here. */
const MACAW = [
  "Box",
  "Button",
  "Checkbox",
  "RadioGroup",
  "Skeleton",
  "Text",
  "ThemeProvider",
  "useTheme",
];

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
  plugins: [withoutFonts(), onlyUsed(/macaw-ui\/dist\/index\.mjs/, MACAW), react()],
  build: {
    outDir: process.env.DESK_OUT ?? "../saleor_xcover_plugin/static/saleor_xcover_plugin/desk",
    emptyOutDir: true,
    // The page names all files of its first load, so that they are fetched at once.
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 1000,
  },
  test: { environment: "jsdom", include: ["**/*.test.{ts,tsx}"] },
});
