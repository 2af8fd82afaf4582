import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Tree = { [name: string]: string | Tree };
const FOLDER = new URL("../src/locales/", import.meta.url);
const locales: Record<string, Tree> = Object.fromEntries(
  readdirSync(FOLDER).map((file) => [
    file.replace(".json", ""),
    JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Tree,
  ]),
);
const english = locales["en"] as Tree;
const others = Object.keys(locales).filter((language) => language !== "en");

/** The names of all texts, as `offer.tickets.one`; forms of a number count as one text. */
function names(tree: Tree, before = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const path = `${before}${name}`;
    return typeof value === "string" || "other" in value ? [path] : names(value, `${path}.`);
  });
}

const at = (tree: Tree, path: string): string | Tree =>
  path.split(".").reduce<string | Tree>((found, name) => (found as Tree)[name] ?? "", tree);
const gaps = (text: string): number => text.split("{}").length - 1;

describe("the languages", () => {
  it("are the agreed ones", () => {
    expect(Object.keys(locales).sort()).toEqual(["ar", "de", "en", "es", "fr", "it", "nl", "pl"]);
  });

  it.each(others)("%s has every text English has, with the same gaps", (language) => {
    const tree = locales[language] as Tree;
    for (const name of names(english)) {
      const [text, model] = [at(tree, name), at(english, name)];
      expect(text, name).not.toBe("");
      if (typeof text === "string") expect(gaps(text), name).toBe(gaps(model as string));
    }
  });

  it("translate the same errors", () => {
    const errors = others.map((language) => names(at(locales[language] as Tree, "offer.errors") as Tree).sort());
    for (const found of errors) expect(found).toEqual(errors[0]);
  });

  it.each(Object.keys(locales))("%s has the forms its plural rules can ask for", (language) => {
    const forms = at(locales[language] as Tree, "offer.tickets") as Tree;
    const rules = new Intl.PluralRules(language);
    for (let count = 1; count < 200; count += 1) {
      expect(forms[rules.select(count)], `${count}`).toBeTruthy();
    }
  });
});
