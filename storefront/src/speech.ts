import { type Money, written } from "./money";
import type { Problem } from "./plugin";

/** A text, or the forms of one that counts, by `Intl.PluralRules`. */
export type Text = string | Readonly<Record<string, string>>;
/** The texts of one element in one language. */
export interface Texts {
  readonly [name: string]: Text | Readonly<Record<string, string>>;
  readonly errors: Readonly<Record<string, string>>;
}
/** A file of `locales/`. */
export type Locale = Readonly<Record<string, Texts>>;

const LANGUAGE_PATIENCE = 3000; // ms
const RIGHT_TO_LEFT = /^(ar|he|fa|ur)\b/;

const loaded = new Map<string, Locale>();
const loading = new Map<string, Promise<unknown>>();

/** The language of ours that fits a wanted one, such as `de` for `de-AT`; else English. */
export function languageOf(wanted: string | null | undefined): string {
  const [locale] = supported(wanted);
  const language = locale?.split("-")[0] ?? "";
  return Object.hasOwn(LOCALE_FILES, language) ? language : "en";
}

/** True once the texts of a language can be shown, or it is certain that they cannot be had. */
export const isLoaded = (language: string): boolean => language === "en" || loaded.has(language);

/** Loads the texts of a language. Without them, or too late, the element speaks English. */
export function load(language: string): Promise<unknown> {
  let begun = loading.get(language);
  if (!begun) {
    // Beside the module, so it is the file of this version or none.
    const url = new URL(`locales/${LOCALE_FILES[language]}`, import.meta.url).href;
    const file = import(/* webpackIgnore: true */ /* @vite-ignore */ url) as Promise<{
      default: Locale;
    }>;
    begun = Promise.race([
      file.then((module) => loaded.set(language, module.default)).catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, LANGUAGE_PATIENCE)),
    ]).then(() => isLoaded(language) || loaded.set(language, {}));
    loading.set(language, begun);
  }
  return begun;
}

function supported(wanted: string | null | undefined): string[] {
  try {
    return Intl.NumberFormat.supportedLocalesOf(wanted ?? []);
  } catch {
    return []; // no language tag
  }
}

/** A store's texts: those of the property, and those in a script of JSON inside the element. */
export function textsOf(element: HTMLElement & { readonly texts: Partial<Texts> }): Partial<Texts> {
  const script = element.querySelector('script[type="application/json"]');
  try {
    return { ...JSON.parse(script?.textContent || "{}"), ...element.texts };
  } catch (error) {
    console.warn(`The texts inside <${element.localName}> are not JSON.`, error);
    return element.texts;
  }
}

/** Says an element's texts in a language, with the numbers of the wanted locale. */
export class Speech {
  readonly lang: string;
  readonly dir: string;
  readonly #locale: string;
  readonly #texts: Texts;

  /** `own` are the store's texts, which go before ours; `english` are in the element. */
  constructor(wanted: string | null | undefined, part: string, english: Texts, own: Partial<Texts>) {
    const [locale] = supported(wanted);
    const language = languageOf(wanted);
    const texts = loaded.get(language)?.[part];
    this.lang = texts ? language : "en";
    this.dir = RIGHT_TO_LEFT.test(this.lang) ? "rtl" : "ltr";
    this.#locale = locale ?? "en";
    this.#texts = {
      ...english,
      ...texts,
      ...own,
      errors: { ...(texts ?? english).errors, ...own.errors },
    };
  }

  /** The text `name`, with `value` in its gap. */
  readonly say = (name: string, value: string | number = ""): string =>
    filled(this.#texts[name] as string, value);

  /** The form of the text `name` for a number, as the language's plural rules want it. */
  readonly count = (name: string, number: number): string => {
    const forms = this.#texts[name] as Readonly<Record<string, string>>;
    const form = new Intl.PluralRules(this.lang).select(number);
    const shown = new Intl.NumberFormat(this.#locale).format(number);
    return filled(forms[form] ?? forms["other"] ?? "", shown);
  };

  /** The sentence of a problem. In English the plugin's own, where we have no other. */
  readonly tell = ({ code, says, message, fields }: Problem): string => {
    const { errors } = this.#texts;
    const names = this.#texts["fields"] as Readonly<Record<string, string>> | undefined;
    const named = fields?.map((field) => names?.[field] ?? field).join(", ");
    const sentence = errors[says ?? code] ?? (this.lang === "en" && message);
    return filled(sentence || (errors["unavailable"] ?? ""), named ?? "");
  };

  /** An amount of money, or `units` of its currency. */
  readonly money = (amount: Money, units?: bigint): string => {
    const amountText = written(this.#locale, amount, units);
    // Beside Arabic, the mark keeps "US$" in one piece.
    return this.dir === "rtl" ? amountText.replace("$", "$$\u200e") : amountText;
  };
}

const filled = (text: string, value: string | number): string => text.replace("{}", String(value));
