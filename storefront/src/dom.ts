/** A class to extend where there is no DOM, as on a server: importing an element does nothing. */
export const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** Defines an element once, however often and from wherever its module is loaded. */
export function define(name: string, element: CustomElementConstructor): void {
  const registry = globalThis.customElements;
  if (registry && !registry.get(name)) registry.define(name, element);
}

/** What may stand where a child is; what is empty is left out. */
export type Child = Node | string | false | null | undefined | Child[];

/**
 * Makes an element. `given` is the name of its part, or its properties. Texts are set as text, so
 * no text ever becomes markup, and a blank follows each child, so no two run into one word.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  given: string | Record<string, unknown>,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  Object.assign(element, typeof given === "string" ? { part: given } : given);
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child) element.append(child, " ");
  }
}

/** Makes a paragraph, or nothing for an empty text. */
export function paragraph(part: string, text: string): HTMLElement | "" {
  return text && h("p", part, text);
}

/** Sets a text where it is another, and hides an element without one. */
export function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/** The texts that are not empty, each once. */
export function distinct(...texts: string[]): string[] {
  return [...new Set(texts.filter(Boolean))];
}

const sheets = new Map<string, CSSStyleSheet>();

/** The one sheet of a style's text; it is shared, and needs no `unsafe-inline` of a page. */
export function sheetOf(text: string): CSSStyleSheet {
  let sheet = sheets.get(text);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    sheets.set(text, sheet);
  }
  return sheet;
}

/** Hands a property to its setter that a page set before the element was defined. */
export function adopt(element: HTMLElement, name: string): void {
  if (!Object.hasOwn(element, name)) return;
  const held = element as unknown as Record<string, unknown>;
  const value = held[name];
  delete held[name];
  held[name] = value;
}
