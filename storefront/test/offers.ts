import type { Group, Offer, Quote } from "../src/offer/api";

export const usd = (amount: string) => ({ amount, currency: "USD" });

export function quote(id: string, changes: Partial<Quote> = {}): Quote {
  return {
    id,
    title: `Plan ${id}`,
    description: "",
    badge: "",
    terms: "",
    disclaimer: "",
    pdsUrl: `https://xcover.example/${id}`,
    premium: usd("6.66"),
    premiumPerTicket: null,
    inclusions: [],
    benefits: [],
    exclusions: [],
    ...changes,
  };
}

export function group(quoteIds: string[], changes: Partial<Group> = {}): Group {
  const slug = quoteIds.join("-");
  return { slug, choice: "ADD_ONS", isDisabled: false, minSelect: 0, maxSelect: 1, quoteIds, ...changes };
}

export function offer(changes: Partial<Offer> = {}): Offer {
  return {
    heading: "",
    title: "",
    subHeading: "",
    description: "",
    extras: [],
    disclaimer: "",
    credibilityMessage: "",
    priceUnit: "",
    acceptLabel: "",
    declineLabel: "",
    declineWarning: "",
    requiredMessage: "",
    contentHash: "hash",
    answer: null,
    isShown: true,
    chosenQuoteIds: [],
    premium: null,
    ticketCount: 2,
    groups: [group(["a"])],
    quotes: [quote("a")],
    ...changes,
  };
}
