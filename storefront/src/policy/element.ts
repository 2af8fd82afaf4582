import { adopt, Base, h, sheetOf } from "../dom";
import { policy as english } from "../locales/en.json";
import { isLoaded, languageOf, load, Speech, type Texts, textsOf } from "../speech";
import base from "../styles/base.css?inline";
import style from "../styles/policy.css?inline";
import { askCover, type Seen } from "./api";
import { stateOf, waitAfter } from "./states";
import { coverContent } from "./view";

/** A token of the customer who is logged in, or what returns one. */
export type AccessToken = string | (() => string | undefined | Promise<string | undefined>);

const WAKES = ["online", "visibilitychange"] as const;

/** `<xcover-policy>`: what became of the protection of an order; docs/storefront.md. */
export class XCoverPolicy extends Base {
  static readonly observedAttributes = ["channel", "order", "endpoint", "locale"];

  readonly #root = this.attachShadow({ mode: "open" });
  readonly #box = h("section", { part: "box", ariaLive: "polite" });
  readonly #room = h("div", { className: "room" }, this.#box);
  #texts: Partial<Texts> = {};
  #token: AccessToken | undefined;
  #seen: Seen | null = null;
  #subject = "";
  #drawn = "";
  #turn = 0;
  #looks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What became of the protection: a status in lower case, `none`, `unknown`, or null. */
  get status(): string | null {
    if (!this.#seen || this.#seen.error) return null;
    return this.#seen.cover ? stateOf(this.#seen.cover) : "none";
  }

  /** A token of the customer's, for the papers of the policy; never an attribute. */
  get accessToken(): AccessToken | undefined {
    return this.#token;
  }

  set accessToken(token: AccessToken | undefined) {
    this.#token = token;
    if (this.isConnected) void this.refresh();
  }

  /** The store's own texts, by their names in storefront/src/locales/en.json. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts> | null) {
    this.#texts = texts ?? {};
    if (this.isConnected) this.#draw();
  }

  connectedCallback(): void {
    this.#root.adoptedStyleSheets = [sheetOf(base), sheetOf(style)];
    this.#root.append(this.#room);
    adopt(this, "texts");
    for (const name of WAKES) addEventListener(name, this);
    this.#begin();
    adopt(this, "accessToken");
  }

  disconnectedCallback(): void {
    for (const name of WAKES) removeEventListener(name, this);
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  attributeChangedCallback(_: string, before: string | null, now: string | null): void {
    if (this.isConnected && before !== now) this.#begin();
  }

  handleEvent(): void {
    if (!document.hidden && this.#mayChange()) void this.refresh();
  }

  /** Looks again. It looks by itself while something may still happen. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    const order = this.getAttribute("order");
    if (!order) return;
    const address = {
      channel: this.getAttribute("channel") ?? "",
      endpoint: this.getAttribute("endpoint"),
    };
    const token = await this.#readToken();
    // Attributes that are set one after the other are one question.
    if (turn !== this.#turn) return;
    const seen = await askCover(address, order, token);
    if (turn !== this.#turn) return;
    const before = this.status;
    // One look that failed takes nothing away that was seen.
    if (!seen.error || !this.#seen?.cover) this.#seen = seen;
    this.#draw();
    const { status } = this;
    if (status && status !== before) {
      const detail = { status };
      this.dispatchEvent(
        new CustomEvent("xcover:policy", { bubbles: true, composed: true, detail }),
      );
    }
    const wait = waitAfter(this.#state(), this.#looks);
    this.#looks += 1;
    // A page nobody looks at asks for nothing; it does once it is looked at.
    if (wait !== null && !document.hidden) {
      this.#timer = setTimeout(() => void this.refresh(), wait);
    }
  }

  async #readToken(): Promise<string | undefined> {
    try {
      return await (typeof this.#token === "function" ? this.#token() : this.#token);
    } catch {
      return undefined; // without it there are no papers, but all the rest
    }
  }

  #begin(): void {
    const subject = ["channel", "order", "endpoint"].map((name) => this.getAttribute(name)).join();
    if (subject !== this.#subject) this.#seen = null;
    this.#subject = subject;
    this.#looks = 0;
    this.#draw();
    void this.refresh();
  }

  #mayChange(): boolean {
    return !this.#seen || !!this.#seen.error || waitAfter(this.#state(), 0) !== null;
  }

  /** As the attribute `state` has it. */
  #state(): string {
    const error = this.#seen?.error;
    if (!error) return this.status ?? "loading";
    return error.code === "order_not_found" ? "unavailable" : "failed";
  }

  #draw(): void {
    const wanted = this.getAttribute("locale") || this.closest<HTMLElement>("[lang]")?.lang;
    const language = languageOf(wanted);
    if (!isLoaded(language)) {
      if (!this.#drawn) this.setAttribute("state", "loading");
      void load(language).then(() => this.isConnected && this.#draw());
      return;
    }
    const speech = new Speech(wanted, "policy", english, textsOf(this));
    const { say, lang, dir } = speech;
    const state = this.#state();
    this.setAttribute("state", state);
    Object.assign(this.#box, {
      lang,
      dir,
      ariaLabel: say("name"),
      ariaBusy: `${state === "loading"}`,
    });
    const drawn = JSON.stringify([this.#seen, lang, this.#texts]);
    if (this.#drawn === drawn) return;
    this.#drawn = drawn;
    this.#box.replaceChildren(...this.#content(speech, state).flatMap((node) => [node, " "]));
  }

  #content(speech: Speech, state: string): Node[] {
    const { say, tell } = speech;
    const { cover, error } = this.#seen ?? {};
    if (cover) return coverContent(cover, speech);
    if (state === "none") {
      return [h("h3", "heading", say("none")), h("p", "text", say("none_more"))];
    }
    const sentence = h("p", "text", error ? tell(error) : say("loading"));
    const retry = { part: "retry", type: "button", onclick: () => void this.refresh() };
    return state === "failed" ? [sentence, h("button", retry, say("retry"))] : [sentence];
  }
}
