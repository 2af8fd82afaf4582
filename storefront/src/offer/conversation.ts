import type { Problem } from "../plugin";
import type { Answer, Offer, Seen } from "./api";
import { UNSURE, WAITING } from "./codes";

/** A problem that is said above the offer; `wanted` is the answer that was refused. */
export interface Told extends Problem {
  readonly wanted?: Answer;
}

/** What a conversation needs of its element. */
export interface Listener {
  /** Whether there is a checkout to ask about, and a page to show it on. */
  isThere(): boolean;
  /** Asks the plugin about the element's checkout. */
  ask(name: string, more?: object): Promise<Seen>;
  /** Something is to be shown; `isNews` is to be said aloud, too. */
  changed(isNews: boolean): void;
  /** Tells the page. */
  emit(name: string, detail: object): void;
}

// Answers are numbered over all elements of a page, and each page begins higher than the last.
const PAGE = `${Math.random()}`;
let turn = Date.now() >>> 9;

const FIRST_WAIT = 400; // ms
const LOST_ANSWER = 5000; // ms; a request that was given up may still arrive

/**
 * What was asked and answered about one checkout. The last answer counts, in whatever order
 * answers and looks come back (docs/adr/0015-the-last-answer-wins.md).
 */
export class Conversation {
  answer: Answer | null = null;
  offer: Offer | null = null;
  /** Why no offer is shown. */
  error: Problem | null = null;
  told: Told | null = null;
  /** The last answer, while it is under way. */
  pending: { readonly answer: Answer; readonly key: string } | null = null;
  /** False from the first question until something was heard. */
  isHeard = false;
  readonly #listener: Listener;
  readonly #sending = new Set<Promise<void>>();
  #look = 0;
  #isBehind = false;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Begins to ask; about another checkout, everything is forgotten. */
  begin(isOther: boolean): void {
    if (isOther) this.answer = this.offer = this.told = this.pending = null;
    this.error = null;
    this.isHeard = false;
    this.#listener.changed(false);
    void this.refresh();
  }

  /** Lets go of everything that is under way; what comes back is not looked at. */
  end(): void {
    this.#look += 1;
  }

  /** Looks at the offer, or requests one where there is none. */
  async refresh(wait = FIRST_WAIT, isNew = !this.offer): Promise<void> {
    const look = (this.#look += 1);
    this.#isBehind = true;
    // What a look brings may be from before an answer that is under way.
    do await Promise.all(this.#sending);
    while (this.#sending.size);
    if (look !== this.#look || !this.#listener.isThere()) return;
    const seen = await (isNew
      ? this.#listener.ask("insuranceOfferRequest", {})
      : this.#listener.ask("insuranceOffer"));
    if (look !== this.#look) return;
    // There is none to read, or it does not count as shown yet.
    if (!isNew && !seen.error && !seen.offer?.isShown) return this.refresh(wait, true);
    const { error } = seen;
    if (!error || !WAITING.test(error.code)) return this.#take(seen);
    const later = error.retryAfter ? error.retryAfter * 1000 : wait;
    setTimeout(() => look === this.#look && void this.refresh(wait * 2), later);
  }

  /** Gives an answer; the same one again, while it is under way, is a double click. */
  give(answer: Answer, quoteIds: readonly string[]): void {
    const key = `${[answer, ...quoteIds]}`;
    if (!this.offer || this.pending?.key === key) return;
    const given = (this.pending = { answer, key });
    const isYes = answer === "accepted";
    const terms = isYes && { quoteIds, contentHash: this.offer.contentHash };
    const numbered = { page: PAGE, turn: ++turn, ...terms };
    const sent = this.#listener
      .ask(isYes ? "insuranceAccept" : "insuranceDecline", numbered)
      .then((seen) => {
        this.#sending.delete(sent);
        // Else it was overtaken, or is about another checkout.
        if (given === this.pending) this.#settle(answer, seen);
      });
    this.#sending.add(sent);
    this.#look += 1;
    this.told = null;
    this.#listener.changed(true);
  }

  #settle(wanted: Answer, { offer, error }: Seen): void {
    this.pending = null;
    this.told = error
      ? { ...error, wanted, ...(error.code === "offline" && { says: "unreachable" }) }
      : null;
    if (offer) {
      this.offer = offer;
      this.answer = offer.answer;
    }
    this.#listener.changed(true);
    if (offer) {
      this.#listener.emit(this.answer === wanted ? wanted : "changed", { premium: offer.premium });
    } else if (error) {
      this.#listener.emit("unavailable", { codes: [error.code], fields: error.fields });
    }
    if (error || this.#isBehind) void this.refresh();
    if (error && UNSURE.test(error.code)) {
      setTimeout(() => this.#listener.isThere() && void this.refresh(), LOST_ANSWER);
    }
  }

  #take({ offer = null, error = null }: { offer?: Offer | null | undefined; error?: Problem | null | undefined }): void {
    const { answer } = this;
    const before = this.offer;
    this.#isBehind = false;
    this.isHeard = true;
    this.error = error;
    if (!error || !UNSURE.test(error.code)) {
      this.offer = offer;
      this.answer = offer?.answer ?? null;
    }
    const isOther = answer !== this.answer;
    if (isOther && answer === "accepted" && !this.answer && error?.code !== "not_insured") {
      // A change of the checkout has ended the yes.
      this.told = { code: "offer_stale", says: "changed" };
    } else if (this.told?.wanted ? this.told.wanted === this.answer : isOther) {
      this.told = null;
    }
    const isChanged = isOther || JSON.stringify(before) !== JSON.stringify(this.offer);
    this.#listener.changed(isChanged || !!error);
    if (before && isChanged) {
      this.#listener.emit("changed", {
        codes: this.told ? [this.told.code] : [],
        answer: this.answer,
        premium: offer?.premium,
      });
    }
    if (error) this.#listener.emit("unavailable", { codes: [error.code] });
  }
}
