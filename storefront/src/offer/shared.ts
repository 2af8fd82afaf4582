import type { Offer, Point, Quote } from "./api";

const LISTS = ["inclusions", "benefits", "exclusions"] as const;
const TEXTS = ["description", "badge", "terms", "disclaimer"] as const;

/** The names of a quote's lists, in the order they are shown in. */
export type ListName = (typeof LISTS)[number];
/** What is said of a quote, or of all of them. */
export type Said = Pick<Quote, ListName | (typeof TEXTS)[number]> & { readonly pdsUrl: string };

const isIn = (points: readonly Point[], { label, text }: Point): boolean =>
  points.some((point) => point.label === label && point.text === text);

/**
 * Parts what is the same for all quotes of an offer from what is said of each, so that no text is
 * there twice. Only whole points and whole texts are the same; of a single quote nothing is.
 */
export function partShared({ quotes }: Offer): { shared: Said | null; own: Map<string, Said> } {
  const [first, ...others] = quotes;
  if (!first || !others.length) {
    return { shared: null, own: new Map(quotes.map((quote) => [quote.id, quote])) };
  }
  const shared = { pdsUrl: others.every(({ pdsUrl }) => pdsUrl === first.pdsUrl) ? first.pdsUrl : "" } as
    Record<string, unknown>;
  for (const name of LISTS) {
    shared[name] = first[name].filter((point) => others.every((quote) => isIn(quote[name], point)));
  }
  for (const name of TEXTS) {
    shared[name] = others.every((quote) => quote[name] === first[name]) ? first[name] : "";
  }
  const ofAll = shared as unknown as Said;
  return { shared: ofAll, own: new Map(quotes.map((quote) => [quote.id, without(quote, ofAll)])) };
}

function without(quote: Quote, shared: Said): Said {
  const own: Record<string, unknown> = { pdsUrl: shared.pdsUrl ? "" : quote.pdsUrl };
  for (const name of LISTS) own[name] = quote[name].filter((point) => !isIn(shared[name], point));
  for (const name of TEXTS) own[name] = shared[name] ? "" : quote[name];
  return own as unknown as Said;
}
