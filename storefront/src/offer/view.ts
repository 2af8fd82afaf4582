import { type Child, distinct, h, paragraph } from "../dom";
import type { Speech } from "../speech";
import type { Group, Offer, Point, Quote } from "./api";
import { mayBeNone, onlyQuoteId, rangeOf } from "./selection";
import { type ListName, partShared, type Said } from "./shared";

/** How many points of what is covered a card of several shows at once. */
const FEW = 2;

/** Says how many of a group may be chosen. */
export function ruleOf(group: Group, { say }: Speech): string {
  return say(group.isDisabled ? "closed" : "choose", rangeOf(group));
}

/** Everything the insurer says of an offer, and its boxes and radio buttons, none of them ticked
 * but what was bought. */
export function offerContent(offer: Offer, speech: Speech, onchange: () => void): Node[] {
  return new OfferView(offer, speech, onchange).content();
}

class OfferView {
  readonly #only: string | undefined;

  constructor(
    private readonly offer: Offer,
    private readonly speech: Speech,
    private readonly onchange: () => void,
  ) {
    this.#only = onlyQuoteId(offer);
  }

  content(): Node[] {
    const { offer, speech } = this;
    const { shared, own } = partShared(offer);
    const only = offer.quotes.find(({ id }) => id === this.#only);
    const [heading = speech.say("name"), ...lines] = distinct(
      offer.heading,
      offer.title,
      offer.subHeading,
      offer.description,
    );
    return [
      h(
        "div",
        { className: "head" },
        h("div", {}, h("h3", "heading", heading), this.#lines(lines), this.#count()),
        only && h("p", {}, this.#price(only)),
      ),
      this.#list("extras", offer.extras),
      shared && this.#shared(shared),
      ...offer.groups.map((group) => this.#group(group, own)),
      paragraph("credibility", offer.credibilityMessage),
      paragraph("disclaimer", offer.disclaimer),
    ]
      .flat()
      .filter((node) => node instanceof Node);
  }

  /** How many tickets are insured. Zero: a plugin of a version that did not say it. */
  #count(): Child {
    const { ticketCount } = this.offer;
    return ticketCount > 0 && h("p", "count", this.speech.count("tickets", ticketCount));
  }

  #price({ premium, premiumPerTicket: share }: Quote): HTMLElement {
    const { say, money } = this.speech;
    const said = [this.offer.priceUnit, say("total"), share && `(${say("each", money(share))})`];
    return h(
      "span",
      "price",
      h("b", {}, money(premium)),
      said.map((text) => text && h("span", {}, text)),
    );
  }

  #shared(said: Said): HTMLElement | "" {
    const lists = this.#lists(said);
    const content = [
      this.#lines(distinct(said.description, said.badge, said.terms)),
      lists.length > 0 && h("div", { className: "points" }, lists),
      this.#wording(said),
      this.#disclaimer(said),
    ].flat();
    if (!content.some(Boolean)) return "";
    return h("div", "shared", h("h4", {}, this.speech.say("shared")), content);
  }

  #group(group: Group, own: Map<string, Said>): Node[] {
    const { offer } = this;
    const cards = group.quoteIds.flatMap((id) => {
      const quote = offer.quotes.find((each) => each.id === id);
      const said = own.get(id);
      if (!quote || !said) return [];
      return [offer.quotes.length > 1 ? this.#card(group, quote, said) : this.#whole(quote, said)];
    });
    const isPlain = !group.isDisabled && !cards[1] && !(group.minSelect && !this.#only);
    if (isPlain) return cards;
    const none = mayBeNone(offer, group) && this.#choice(group, "", this.speech.say("none"));
    const legend = h("legend", {}, ruleOf(group, this.speech));
    return [h("fieldset", { part: "group", disabled: group.isDisabled }, legend, cards, none)];
  }

  /** The only product of an offer: all of it is there at once. */
  #whole(quote: Quote, said: Said): HTMLElement {
    const [title = this.speech.say("name"), ...lines] = this.#texts(quote, said);
    return h(
      "div",
      "quote",
      h("div", {}, h("h4", {}, title), this.#lines(lines), this.#wording(said)),
      h("div", { className: "points" }, this.#lists(said)),
      this.#disclaimer(said),
    );
  }

  /** One product of several, compact: what else is covered than its first points is folded. */
  #card(group: Group, quote: Quote, said: Said): HTMLElement {
    const { id } = quote;
    const [title = this.speech.say("name"), ...lines] = this.#texts(quote, said);
    const head = id === this.#only ? title : this.#choice(group, id, title, this.#price(quote));
    const covered = [...said.inclusions, ...said.benefits];
    return h(
      "div",
      { part: "quote", className: "card" },
      h("h4", {}, head),
      this.#lines(lines),
      this.#points(covered.slice(0, FEW)),
      covered.length > FEW && this.#more(id, title, said, covered.slice(FEW)),
      this.#list("exclusions", said.exclusions),
      this.#disclaimer(said),
      this.#wording(said),
    );
  }

  #more(id: string, title: string, said: Said, rest: readonly Point[]): HTMLElement {
    const summary = h(
      "summary",
      { id: `more ${id}` },
      this.speech.say("more"),
      h("span", { className: "aside" }, title),
    );
    const lists = (["inclusions", "benefits"] as const).map((name) =>
      this.#list(
        name,
        said[name].filter((point) => rest.includes(point)),
      ),
    );
    return h("details", "more", summary, h("div", { className: "points" }, lists));
  }

  #texts(quote: Quote, said: Said): string[] {
    return distinct(quote.title, said.description, said.badge, said.terms);
  }

  #lines(lines: string[]): Child[] {
    return lines.map((line) => paragraph("text", line));
  }

  #wording({ pdsUrl }: Said): Child {
    const given = { part: "wording", href: pdsUrl, target: "_blank", rel: "noopener" };
    return pdsUrl && h("p", {}, h("a", given, this.speech.say("wording")));
  }

  #disclaimer({ disclaimer }: Said): Child {
    return disclaimer !== this.offer.disclaimer && paragraph("disclaimer", disclaimer);
  }

  #lists(said: Said): Node[] {
    const names: ListName[] = ["inclusions", "benefits", "exclusions"];
    return names.map((name) => this.#list(name, said[name])).filter((list) => list !== "");
  }

  #list(name: ListName | "extras", points: readonly Point[]): HTMLElement | "" {
    if (!points.length) return "";
    const heading = name !== "extras" && h("h5", {}, this.speech.say(name));
    return h("div", name, heading, this.#points(points));
  }

  #points(points: readonly Point[]): HTMLElement | "" {
    if (!points.length) return "";
    return h(
      "ul",
      {},
      points.map(({ label, text }) =>
        h("li", {}, label && h("strong", {}, label), h("span", {}, text)),
      ),
    );
  }

  #choice({ slug, choice }: Group, value: string, ...label: Child[]): HTMLElement {
    const input = h("input", {
      id: `tick ${slug} ${value}`,
      type: choice === "ALTERNATIVES" ? "radio" : "checkbox",
      name: slug,
      value,
      checked: this.offer.chosenQuoteIds.includes(value),
      onchange: this.onchange,
    });
    const [title, price] = label;
    return h("label", "choice", input, h("span", {}, title), price);
  }
}
