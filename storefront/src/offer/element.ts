import { adopt, Base, h, put, sheetOf } from "../dom";
import { offer as english } from "../locales/en.json";
import { isLoaded, languageOf, load, Speech, type Texts, textsOf } from "../speech";
import base from "../styles/base.css?inline";
import style from "../styles/offer.css?inline";
import { type Answer, askOffer, type Offer } from "./api";
import { FAILED } from "./codes";
import { Conversation } from "./conversation";
import { PATIENCE, waitFor, type Wait } from "./paying";
import { isSame, isTooMany, obstacle, onlyQuoteId, sumOf } from "./selection";
import { offerContent, ruleOf } from "./view";

const WAKES = ["online", "visibilitychange"] as const;
const SUBJECT = ["channel", "checkout", "endpoint"] as const;
const REQUIRED = ["answer-required", "required"] as const;

/** `<xcover-offer>`: shows the offer of a checkout and takes the answer; docs/storefront.md. */
export class XCoverOffer extends Base {
  static readonly observedAttributes = [...SUBJECT, ...REQUIRED, "locale"];
  static readonly formAssociated = true;

  readonly #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  readonly #internals = this.attachInternals();
  readonly #notice = h("p", "notice");
  readonly #shown = h("div", {});
  readonly #hint = h("p", { part: "hint", id: "hint" });
  // Made once and never drawn again: a press must not be lost.
  readonly #buttons = (["accepted", "declined"] as const).map((id) =>
    h(
      "button",
      { id, part: "answer", type: "button", onclick: () => this.#press(id) },
      h("strong", {}),
      h("span", {}),
    ),
  );
  readonly #group = h("div", { part: "answers", role: "group" }, this.#buttons);
  readonly #answers = h("div", {}, this.#hint, this.#group);
  readonly #warning = h("p", "warning");
  readonly #box = h(
    "section",
    { part: "box", tabIndex: -1 },
    this.#notice,
    this.#shown,
    this.#answers,
    this.#warning,
  );
  readonly #room = h("div", { className: "room" }, this.#box);
  readonly #status = h("p", { role: "status" });
  readonly #conversation: Conversation;
  #texts: Partial<Texts> = {};
  #subject = "";
  #drawn = "";
  #problem = "";
  #isNewsOwed = false;
  #isPatient = true;
  #isBroken = false;
  #waited: Wait = null;
  #waiting: ((answer: Answer | null) => void)[] = [];

  constructor() {
    super();
    this.#conversation = new Conversation({
      isThere: () => this.isConnected && !!this.getAttribute("checkout"),
      ask: (name, more) => {
        const [channel, checkout, endpoint] = SUBJECT.map((each) => this.getAttribute(each));
        return askOffer(
          { channel: channel ?? "", checkout: checkout ?? "", endpoint: endpoint ?? null },
          name,
          more,
        );
      },
      changed: (isNews) => this.#draw(isNews),
      emit: (name, detail) => this.#emit(name, detail),
    });
    this.addEventListener("invalid", () => this.#remind());
  }

  /** What the server holds, as far as is known. */
  get answer(): Answer | null {
    return this.#conversation.answer;
  }

  /** The store's own texts, by their names in storefront/src/locales/en.json. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts> | null) {
    this.#texts = texts ?? {};
    if (this.isConnected) this.#draw();
  }

  /**
   * Resolves, with the answer that holds, when paying may go on. It never rejects, and waits for an
   * answer only while an offer is there to be answered.
   */
  get ready(): Promise<Answer | null> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#letPay();
    });
  }

  /** What paying should wait for, and null if it may go on. */
  get waitsFor(): Wait {
    if (!this.isConnected || !this.getAttribute("checkout") || this.#isBroken) return null;
    const { answer, pending, told } = this.#conversation;
    return waitFor({
      answer,
      pending,
      told,
      offer: this.getAttribute("state") === "offer" ? this.#offer : null,
      isLoading: this.#isPatient && this.getAttribute("state") === "loading",
      isRequired: this.#isRequired,
    });
  }

  /** Looks again; call it after every change of the checkout. */
  refresh(): Promise<void> {
    return this.#conversation.refresh();
  }

  // A form's control, as the browser's own are.
  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }
  get name(): string {
    return this.getAttribute("name") ?? "";
  }
  get type(): string {
    return this.localName;
  }
  get validity(): ValidityState {
    return this.#internals.validity;
  }
  get validationMessage(): string {
    return this.#internals.validationMessage;
  }
  get willValidate(): boolean {
    return this.#internals.willValidate;
  }
  checkValidity(): boolean {
    return this.#internals.checkValidity();
  }
  reportValidity(): boolean {
    return this.#internals.reportValidity();
  }
  formDisabledCallback(isDisabled: boolean): void {
    this.#box.inert = isDisabled;
  }

  connectedCallback(): void {
    this.#root.adoptedStyleSheets = [sheetOf(base), sheetOf(style)];
    this.#root.append(this.#room, this.#status);
    this.#group.setAttribute("aria-describedby", this.#hint.id);
    adopt(this, "texts");
    for (const name of WAKES) addEventListener(name, this);
    this.#begin();
  }

  disconnectedCallback(): void {
    for (const name of WAKES) removeEventListener(name, this);
    this.#conversation.end();
    this.#letPay();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || before === now) return;
    if ((REQUIRED as readonly string[]).includes(name)) this.#draw();
    else this.#begin();
  }

  handleEvent(): void {
    if (!document.hidden) void this.refresh();
  }

  #emit(name: string, detail: object): void {
    const event = new CustomEvent(`xcover:${name}`, { bubbles: true, composed: true, detail });
    this.dispatchEvent(event);
  }

  #begin(): void {
    const subject = `${SUBJECT.map((name) => this.getAttribute(name))}`;
    const isOther = subject !== this.#subject;
    this.#subject = subject;
    if (isOther) {
      this.#isPatient = true;
      setTimeout(() => {
        if (subject !== this.#subject) return;
        this.#isPatient = false;
        this.#letPay();
      }, PATIENCE);
    }
    this.#conversation.begin(isOther);
  }

  #chosen(offer: Offer): string[] {
    const id = onlyQuoteId(offer);
    if (id) return [id];
    const ticked = this.#shown.querySelectorAll<HTMLInputElement>("input:checked");
    return [...ticked].map(({ value }) => value).filter(Boolean);
  }

  #press(answer: Answer): void {
    const { offer } = this.#conversation;
    if (!offer) return;
    const isYes = answer === "accepted";
    if (isYes && this.#problem) {
      this.#hint.textContent = this.#problem;
      this.#announce(this.#problem);
    } else {
      this.#conversation.give(answer, isYes ? this.#chosen(offer) : []);
    }
  }

  /** Draws what is to be shown. A defect of ours must not keep anybody from paying. */
  #draw(isNews = false): void {
    this.#isBroken = false;
    try {
      this.#show(isNews);
    } catch (error) {
      this.#isBroken = true;
      this.setAttribute("state", "failed");
      reportError(error);
    }
    this.#letPay();
  }

  #show(isNews: boolean): void {
    const wanted = this.getAttribute("locale") || this.closest<HTMLElement>("[lang]")?.lang;
    const language = languageOf(wanted);
    this.#isNewsOwed ||= isNews;
    if (!isLoaded(language)) {
      // Nothing is said in a wrong language first; the room is kept meanwhile.
      if (!this.#drawn) this.#showEmpty();
      void load(language).then(() => this.isConnected && this.#draw());
      return;
    }
    const speech = new Speech(wanted, "offer", english, textsOf(this));
    const { error, told, pending } = this.#conversation;
    const { say, tell } = speech;
    const offer = this.#offer;
    const state = this.#stateNow();
    this.setAttribute("state", state);
    this.toggleAttribute("pending", !!pending);
    Object.assign(this.#box, {
      lang: speech.lang,
      dir: speech.dir,
      ariaLabel: say("name"),
      ariaBusy: `${!!pending || state === "loading"}`,
    });
    const sentence = error ? tell(error) : say("loading");
    const notice = told && tell(told) !== sentence ? tell(told) : "";
    put(this.#notice, notice);
    put(this.#warning, offer?.declineWarning ?? "");
    this.#answers.hidden = !offer;
    this.#showContent(offer, speech, state === "failed", sentence);
    if (offer) this.#showAnswers(offer, speech);
    if (this.#isNewsOwed) {
      const price = this.#box.querySelector("[part=price]");
      const spoken = pending ? this.#hint : notice ? this.#notice : (price ?? this.#shown);
      this.#announce(spoken.textContent ?? "");
      this.#isNewsOwed = false;
    }
  }

  #showEmpty(): void {
    this.setAttribute("state", "loading");
    this.#box.ariaBusy = "true";
    this.#answers.hidden = this.#notice.hidden = this.#warning.hidden = true;
  }

  /** Draws the middle anew only where it is another, so that reading and ticking go on. */
  #showContent(offer: Offer | null, speech: Speech, mayRetry: boolean, sentence: string): void {
    const { say, lang } = speech;
    const drawn = JSON.stringify([offer ?? sentence, mayRetry, lang, this.#texts]);
    if (this.#drawn === drawn) return;
    const focused = this.#root.activeElement;
    const retry = { part: "retry", type: "button", onclick: () => this.#begin() };
    const content = offer
      ? offerContent(offer, speech, () => this.#tick())
      : [h("p", {}, sentence), mayRetry && h("button", retry, say("retry"))];
    this.#shown.replaceChildren(...content.flatMap((node) => (node ? [node, " "] : [])));
    this.#drawn = drawn;
    if (focused && !focused.isConnected) {
      (this.#root.getElementById(focused.id) ?? this.#box).focus();
    }
  }

  #showAnswers(offer: Offer, speech: Speech): void {
    const { say, money } = speech;
    const { answer, pending } = this.#conversation;
    const chosen = this.#chosen(offer);
    const isAnother = !onlyQuoteId(offer) && !isSame(chosen, offer.chosenQuoteIds);
    const isOpen = !answer || isAnother;
    this.#problem = this.#problemWith(offer, chosen, speech);
    const asked = this.#problem || (answer ? say("unsaved") : this.#request(offer, speech));
    this.#hint.textContent = pending ? say("saving") : isOpen ? asked : "";
    const sum = sumOf(offer, chosen);
    const [like] = offer.quotes;
    this.#buttons.forEach((button, index) => {
      const isYes = !index;
      const id = button.id as Answer;
      const label = isYes ? offer.acceptLabel : offer.declineLabel;
      const [words, price] = button.children as unknown as [HTMLElement, HTMLElement];
      put(words, label || say(id));
      put(price, like && (sum || !isYes) ? `+ ${money(like.premium, isYes ? sum : 0n)}` : "");
      button.ariaPressed = `${answer === id && !pending && !(isOpen && isYes)}`;
      button.ariaBusy = `${pending?.answer === id}`;
      button.ariaDisabled = `${isYes && !!this.#problem}`;
    });
  }

  /** What is said where no answer was given. */
  #request({ requiredMessage }: Offer, { say }: Speech): string {
    return requiredMessage || (this.#isRequired ? say("unanswered") : "");
  }

  /** What keeps a yes from being given, in a sentence; empty if nothing does. */
  #problemWith(offer: Offer, chosen: string[], speech: Speech): string {
    const found = obstacle(offer, chosen);
    if (!found) return "";
    const sentence = found === "nothing" ? speech.say("choose") : ruleOf(found, speech);
    if (found !== "nothing" && isTooMany(found, chosen)) return sentence;
    return offer.requiredMessage || sentence;
  }

  #tick(): void {
    this.#draw();
    this.#announce(this.#problem || (this.#buttons[0]?.textContent ?? ""));
  }

  #announce(text: string): void {
    Object.assign(this.#status, { lang: this.#box.lang, textContent: text });
  }

  /** The offer that is shown. */
  get #offer(): Offer | null {
    const { error, offer } = this.#conversation;
    return error || this.#isBroken ? null : offer;
  }

  #stateNow(): string {
    const { error, offer } = this.#conversation;
    if (!error) return offer ? "offer" : "loading";
    if (FAILED.test(error.code)) return "failed";
    return error.code === "offline" ? "offline" : "unavailable";
  }

  get #isRequired(): boolean {
    return REQUIRED.some((name) => this.hasAttribute(name));
  }

  /** Says beside the answers, and aloud, what a form or a page has just asked for. */
  #remind(): void {
    const { validationMessage } = this;
    this.#hint.textContent = validationMessage;
    this.#announce(validationMessage);
  }

  /** Tells the form and whoever awaits `ready` what holds. */
  #letPay(): void {
    const { answer, waitsFor: waits } = this;
    const isOpened = this.#waited && !waits;
    this.#waited = waits;
    this.#internals.setFormValue(answer);
    // Loading never keeps a form: what may be awaited is in `ready`.
    if (waits === "answer" || waits === "pending") {
      const flag = waits === "answer" ? { valueMissing: true } : { customError: true };
      // A validity needs a sentence, and the hint has it: it was drawn just before.
      const sentence = this.#hint.textContent || "?";
      this.#internals.setValidity(flag, sentence, this.#group);
    } else {
      this.#internals.setValidity({});
    }
    if (isOpened) this.#emit("ready", { answer });
    if (waits) return;
    for (const resolve of this.#waiting.splice(0)) resolve(answer);
  }
}
