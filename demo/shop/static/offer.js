// The insurance offer, all by itself: it knows a checkout's id and the plugin's contract.
//
// `offerBox` returns an element. Call `refresh()` after every change of the checkout; the element
// dispatches "insurance-answer" when an answer has changed the checkout.

import { ask } from "./api.js";
import { announce, busyButton, h, notice } from "./dom.js";
import { counted, digits, money } from "./format.js";

const PENDING_WAIT = 1500; // ms until a price that was being asked for is looked at again
// After these the same checkout has, or soon has, another offer.
const LOOK_AGAIN = ["offer_stale", "offer_expired", "terms_changed", "quote_not_offered", "policyholder_country_differs"];

export function offerBox(checkoutId) {
  const box = h("div", { class: "offer", "aria-busy": "true" }, waiting());
  let latest = 0;
  let wasAccepted = false;

  async function refresh() {
    const turn = (latest += 1);
    box.setAttribute("aria-busy", "true");
    const root = await answered(() => ask("insuranceOffer", { id: checkoutId }));
    // A slow answer to an older question must not replace a newer one.
    if (turn !== latest || !box.isConnected) return;
    show(root);
    if (root.errors[0]?.code === "offer_pending") setTimeout(() => turn === latest && refresh(), PENDING_WAIT);
  }

  function show({ offer, errors }) {
    box.removeAttribute("aria-busy");
    if (offer) box.replaceChildren(...offered(offer, answer));
    else box.replaceChildren(refusal(errors));
    // Nobody who said yes must believe to be insured when a change has ended that yes.
    const isOpenAgain = wasAccepted && offer?.answer !== "accepted" && offer?.answer !== "declined";
    if (isOpenAgain) box.prepend(notice("Your checkout has changed, so your yes no longer counts. Please answer again.", "attention"));
    if (offer) wasAccepted = offer.answer === "accepted" || isOpenAgain;
  }

  async function answer(offer, isYes) {
    latest += 1;
    const variables = { id: checkoutId };
    if (isYes) Object.assign(variables, { quoteIds: offer.quotes.map((quote) => quote.id), contentHash: offer.contentHash });
    const root = await answered(() => ask(isYes ? "insuranceAccept" : "insuranceDecline", variables));
    if (root.errors.some((error) => LOOK_AGAIN.includes(error.code))) {
      await refresh();
      box.prepend(notice(root.errors[0].message));
    } else if (root.errors.length) {
      box.querySelector(".offer-error")?.remove();
      box.append(h("div", { class: "offer-error" }, refusal(root.errors)));
    } else {
      show(root);
      box.querySelector("[aria-pressed=true]")?.focus();
      announce(isYes ? "Your tickets will be protected." : "Bought without ticket protection.");
    }
    box.dispatchEvent(new CustomEvent("insurance-answer", { bubbles: true }));
  }

  return Object.assign(box, { refresh });
}

function offered(offer, answer) {
  const { amount, currency } = offer.premium;
  const price = money(amount, currency);
  const choose = (isYes, label, hint) =>
    busyButton([h("strong", {}, label), h("span", {}, hint)], () => answer(offer, isYes), {
      class: "answer",
      "aria-pressed": String(offer.answer === (isYes ? "accepted" : "declined")),
    });
  return [
    h("div", { class: "offer-head" },
      h("div", {}, h("h3", {}, offer.heading), offer.quotes.length === 1 && h("p", { class: "soft" }, offer.quotes[0].description)),
      h("p", { class: "premium" }, h("strong", {}, price), h("span", {}, perTicket(offer))),
    ),
    ...offer.quotes.map((quote) => quoteText(quote, offer)),
    offer.disclaimer && h("p", { class: "small soft" }, offer.disclaimer),
    h("div", { class: "answers", role: "group", "aria-label": "Your answer" },
      choose(true, `Yes, protect my tickets for ${price}`, "Added to your total"),
      choose(false, "No, I take the risk", "Nothing is added"),
    ),
  ].filter(Boolean);
}

// One product asked for several events is several quotes: each keeps its own text and wording.
function quoteText(quote, offer) {
  const isOneOfSeveral = offer.quotes.length > 1;
  const list = (kind, title, texts) => texts.length > 0 && h("div", { class: kind }, h("h4", {}, title), h("ul", {}, texts.map((text) => h("li", {}, text))));
  return h("section", { class: "quote" },
    isOneOfSeveral && h("p", { class: "quote-title" }, h("strong", {}, quote.title), h("span", {}, money(quote.premium.amount, quote.premium.currency))),
    h("div", { class: "quote-lists" },
      list("benefits", "What is covered", quote.benefits),
      list("exclusions", "What is not", quote.exclusions),
    ),
    quote.disclaimer !== offer.disclaimer && h("p", { class: "small soft" }, quote.disclaimer),
    h("p", { class: "small" }, h("a", { href: safe(quote.pdsUrl), target: "_blank", rel: "noopener noreferrer" }, "Read the policy wording", h("span", { class: "visually-hidden" }, " (opens in a new tab)"))),
  );
}

function perTicket({ premium, ticketCount }) {
  if (ticketCount < 2) return "for your ticket";
  const each = Number(premium.amount) / ticketCount;
  // A premium that cannot be divided to the cent (or yen) is not promised per ticket.
  const unit = 10 ** digits(premium.currency);
  const isExact = Math.abs(each * unit - Math.round(each * unit)) < 1e-6;
  return `for ${counted(ticketCount, "ticket")}, ${isExact ? "" : "about "}${money(each, premium.currency)} each`;
}

function refusal(errors) {
  if (errors[0]?.code === "offer_pending") return waiting();
  return h("p", { class: "soft refusal", role: "status" }, `No ticket protection for this order: ${errors[0]?.message ?? ""}`);
}

function waiting() {
  return h("p", { class: "soft", role: "status" }, "Asking for your price…");
}

// Insurance may fail in any way; the tickets sell all the same.
async function answered(work) {
  try {
    return await work();
  } catch (problem) {
    return { offer: null, errors: [{ code: "internal", message: problem.message }] };
  }
}

function safe(address) {
  return /^https?:\/\//.test(address) ? address : "#";
}
