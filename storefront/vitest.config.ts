import { defineConfig } from "vitest/config";

// Node, no DOM: what needs a browser is tested in a browser, by tests/browser.
export default defineConfig({
  define: { LOCALE_FILES: "{}" },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
