/**
 * Builds the elements into the package: element.js and policy.js, each whole in one file, and one
 * file per further language below locales/, with a hash of its content in the name. An element
 * names the files it was built with, so it can never be given the texts of another version.
 *
 * STOREFRONT_OUT names another folder to build into, as `make storefront-check` does.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { build, transform } from "esbuild";

const OUT = process.env.STOREFRONT_OUT ?? "../saleor_xcover_plugin/static/saleor_xcover_plugin";
const LOCALES = "src/locales";
const TARGET = ["chrome111", "firefox119", "safari16.4"];

/** Style sheets are texts in the modules, without comments and blanks. */
const styles = {
  name: "styles",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
      namespace: "style",
    }));
    onLoad({ filter: /.*/, namespace: "style" }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
        target: TARGET,
      });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** Writes the languages; returns the name of each one's file by language. */
async function buildLocales() {
  const files = {};
  await rm(join(OUT, "locales"), { recursive: true, force: true });
  await mkdir(join(OUT, "locales"), { recursive: true });
  for (const source of (await readdir(LOCALES)).sort()) {
    const language = source.replace(".json", "");
    if (language === "en") continue; // in the elements
    const texts = JSON.parse(await readFile(join(LOCALES, source), "utf8"));
    const code = `export default ${JSON.stringify(texts)};\n`;
    const hash = createHash("sha256").update(code).digest("hex").slice(0, 10);
    files[language] = `${language}-${hash}.js`;
    await writeFile(join(OUT, "locales", files[language]), code);
  }
  return files;
}

await build({
  entryPoints: { element: "src/element.ts", policy: "src/policy.ts" },
  outdir: OUT,
  bundle: true,
  format: "esm",
  minify: true,
  target: TARGET,
  charset: "utf8",
  legalComments: "none",
  banner: { js: "// saleor_xcover_plugin, built from storefront/: docs/storefront.md" },
  define: { LOCALE_FILES: JSON.stringify(await buildLocales()) },
  plugins: [styles],
});
