import type { Money } from "../money";
import { type Address, argumentsOf, ask, type Problem, silence } from "../plugin";

export type Answer = "accepted" | "declined";

/** One bullet of a text of the insurer. */
export interface Point {
  readonly label: string;
  readonly text: string;
}

export interface Quote {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly badge: string;
  readonly terms: string;
  readonly disclaimer: string;
  readonly pdsUrl: string;
  readonly premium: Money;
  readonly premiumPerTicket: Money | null;
  readonly inclusions: readonly Point[];
  readonly benefits: readonly Point[];
  readonly exclusions: readonly Point[];
}

export interface Group {
  readonly slug: string;
  readonly choice: "ALTERNATIVES" | "ADD_ONS";
  readonly isDisabled: boolean;
  readonly minSelect: number;
  readonly maxSelect: number;
  readonly quoteIds: readonly string[];
}

export interface Offer {
  readonly heading: string;
  readonly title: string;
  readonly subHeading: string;
  readonly description: string;
  readonly extras: readonly Point[];
  readonly disclaimer: string;
  readonly credibilityMessage: string;
  readonly priceUnit: string;
  readonly acceptLabel: string;
  readonly declineLabel: string;
  readonly declineWarning: string;
  readonly requiredMessage: string;
  readonly contentHash: string;
  readonly answer: Answer | null;
  readonly isShown: boolean;
  readonly chosenQuoteIds: readonly string[];
  readonly premium: Money | null;
  readonly ticketCount: number;
  readonly groups: readonly Group[];
  readonly quotes: readonly Quote[];
}

/** What the plugin said: an offer, a problem, or neither where there is no offer to read. */
export interface Seen {
  readonly offer?: Offer | null | undefined;
  readonly error?: Problem | undefined;
}

/** The checkout an element is about. */
export interface Subject extends Address {
  readonly checkout: string;
}

const FIELDS = `{
  offer {
    heading title subHeading description extras { label text } disclaimer credibilityMessage priceUnit
    acceptLabel declineLabel declineWarning requiredMessage contentHash answer isShown
    chosenQuoteIds ticketCount premium { amount currency }
    groups { slug choice isDisabled minSelect maxSelect quoteIds }
    quotes {
      id title description badge terms disclaimer pdsUrl
      premium { amount currency } premiumPerTicket { amount currency }
      inclusions { label text } benefits { label text } exclusions { label text }
    }
  }
  errors { code message fields retryAfter }
}`.replace(/\s+/g, " ");

interface Root {
  offer: (Omit<Offer, "answer"> & { answer: string | null }) | null;
  errors: Problem[];
}

/** Sends an operation about a checkout; with `more`, even empty, it is a mutation. */
export async function askOffer(subject: Subject, name: string, more?: object): Promise<Seen> {
  const given = argumentsOf({ checkoutId: subject.checkout, ...more });
  const query = `${more ? "mutation" : "query"} { ${name}(${given}) ${FIELDS} }`;
  try {
    const { offer, errors } = await ask<Root>(subject, query);
    const [error] = errors;
    // Codes and answers are in lower case in the element, as events and metadata tell them.
    if (!offer) return { error: error && { ...error, code: error.code.toLowerCase() } };
    // Without its wording no offer may be shown.
    if (!offer.quotes.every(({ pdsUrl }) => /^https?:/i.test(pdsUrl))) {
      return { error: { code: "no_offer" } };
    }
    return {
      offer: { ...offer, answer: (offer.answer?.toLowerCase() ?? null) as Answer | null },
      error: error && { ...error, code: error.code.toLowerCase() },
    };
  } catch {
    return { error: silence() };
  }
}
