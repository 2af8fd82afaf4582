import { type Child, h } from "../dom";
import type { Money } from "../money";
import type { Speech } from "../speech";
import type { Cover } from "./api";
import { isWebAddress, stateOf } from "./states";

const PAPERS = ["certificate", "certificatePdf", "account"] as const;

/** What is said of a cover: its state, its number, what it costs, its papers and how to claim. */
export function coverContent(cover: Cover, { say, tell, money }: Speech): Node[] {
  const state = stateOf(cover);
  const isInForce = state === "confirmed" || state === "cancelling";
  const fact = (part: string, name: string, value: Child): Child =>
    value && [h("dt", {}, name), h("dd", part, value)];
  const amount = (value: Money): Child => Number(value.amount) > 0 && money(value);
  const products = cover.products.length > 1 ? cover.products : [];
  const link = (part: string, address: string | null | undefined, name: string): Child =>
    isWebAddress(address) &&
    h("li", {}, h("a", { part, href: address, target: "_blank", rel: "noopener noreferrer" }, name));
  const papers = [
    link("wording", cover.pdsUrl, say("wording")),
    ...PAPERS.map((name) => link("paper", cover.links?.[name], say(name))),
  ].filter(Boolean);
  const claim = link("claim", cover.links?.insuranceClaim, say("insuranceClaim"));
  const heading = state === "unknown" ? say("name") : say(state);
  const sentence = state === "unknown" ? tell({ code: "unavailable" }) : say(`${state}_more`);
  return [
    h("h3", "heading", heading),
    h("p", "text", sentence),
    h(
      "dl",
      "facts",
      fact("number", say("number"), isInForce && cover.policyNumber),
      products.map(({ title, premium }) => fact("price", title, amount(premium))),
      fact("price", say("premium"), amount(cover.premium)),
      fact("price", say("due"), amount(cover.amountDueBack)),
    ),
    papers.length > 0 && h("ul", "papers", papers),
    isInForce &&
      h("div", "claims", h("h4", {}, say("claim")), h("p", {}, say("claim_how")), claim && h("ul", {}, claim)),
  ].filter((node) => node instanceof Node);
}
