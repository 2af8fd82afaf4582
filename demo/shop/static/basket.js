// Basket and checkout on one page: tickets, details, protection, payment.

import { pay, Problem } from "./api.js";
import { detailsForm } from "./details.js";
import { checkout } from "./checkout.js";
import { announce, busyButton, h, notice } from "./dom.js";
import { money } from "./format.js";
import { poster } from "./poster.js";

// What paying waits for, by the element's `waitsFor`.
const WAITS = {
  loading: "The price of ticket protection is being asked for. One moment, then pay.",
  pending: "Your answer about ticket protection is being saved. One moment, then pay.",
  answer: "Please say yes or no to ticket protection, then pay.",
};

export async function basketPage() {
  await checkout.reload().catch(() => checkout.forget());
  const page = h("div", { class: "checkout" });
  if (!checkout.current) return [h("h1", {}, "Your basket"), empty()];

  const tickets = h("div", {});
  const total = h("aside", { class: "total", "aria-label": "Your order" });
  // The plugin's own element. Tickets are sold even if it cannot be loaded.
  const offer = h("xcover-offer", { channel: checkout.channel, checkout: checkout.current.id, "answer-required": true });
  const refreshOffer = () => offer.refresh?.();
  const payment = paymentStep(offer, refreshOffer);
  const showAll = () => {
    if (!checkout.current) {
      page.replaceChildren(empty());
      return;
    }
    // Each event will have an offer of its own: the room for them is kept.
    offer.style.setProperty("--xcover-products", Math.max(checkout.eventCount, 1));
    const focused = document.activeElement?.dataset?.focus;
    tickets.replaceChildren(h("ul", { class: "lines" }, checkout.ticketLines.map((line) => lineRow(line, refreshOffer))));
    total.replaceChildren(...totals(payment));
    // The lines are rendered again, so restore the keyboard focus.
    if (focused) tickets.querySelector(`[data-focus="${focused}"]`)?.focus();
  };
  for (const name of ["accepted", "declined", "changed"]) offer.addEventListener(`xcover:${name}`, () => checkout.reload());

  page.append(
    h("div", { class: "steps" },
      step(1, "Tickets", tickets),
      step(2, "Your details", detailsForm(refreshOffer)),
      step(3, "Ticket protection", offer),
    ),
    total,
  );
  checkout.follow(showAll, page);
  showAll();
  return [h("h1", {}, "Your basket"), page];
}

function step(number, title, content) {
  return h("section", { class: "step" },
    h("h2", {}, h("span", { class: "number", "aria-hidden": "true" }, String(number)), title),
    content,
  );
}

function lineRow(line, refreshOffer) {
  const { variant, quantity } = line;
  const change = (to, label, sign) =>
    busyButton(sign, async (button) => {
      try {
        await checkout.setQuantity(line, to);
        announce(`${variant.product.name}: ${to}. Total ${checkout.total() || "nothing"}.`);
        if (checkout.current) await refreshOffer();
      } catch (problem) {
        button.closest("li").append(notice(problem.message));
      }
    }, { "aria-label": `${label} ${variant.product.name}`, "data-focus": `${variant.id}${sign}` });
  return h("li", { class: "line" },
    h("div", { class: "thumb" }, poster(variant.product.name)),
    h("div", { class: "line-name" }, h("strong", {}, variant.product.name), h("span", { class: "soft" }, variant.name)),
    h("div", { class: "stepper" },
      change(quantity - 1, quantity > 1 ? "One less:" : "Remove", "−"),
      h("output", { "aria-label": "Quantity" }, String(quantity)),
      change(quantity + 1, "One more:", "+"),
    ),
    h("p", { class: "amount" }, amount(line)),
  );
}

function totals(payment) {
  // Keep the host's order of lines, which is also that of the order and the invoice.
  const name = (line) => (checkout.isCover(line)
    ? h("dt", { class: "covered" }, shield(), "Ticket protection")
    : h("dt", {}, `${line.quantity} × ${line.variant.product.name}`));
  return [
    h("h2", {}, "Your order"),
    h("dl", {},
      checkout.current.lines.map((line) => [name(line), h("dd", {}, amount(line))]),
    ),
    h("p", { class: "sum" }, h("span", {}, "Total"), h("strong", {}, checkout.total())),
    payment,
  ];
}

function paymentStep(offer, refreshOffer) {
  const said = h("div", { "aria-live": "polite" });
  const button = busyButton("Pay now", async () => {
    said.replaceChildren();
    // Nothing without the element, and nothing when XCover or the network has failed.
    if (offer.waitsFor) {
      offer.reportValidity();
      said.replaceChildren(notice(WAITS[offer.waitsFor], "quiet"));
      return;
    }
    try {
      const done = await pay(checkout.current.id, checkout.current.totalPrice.gross.amount);
      if (done.order) {
        checkout.forget();
        location.hash = `#/order/${encodeURIComponent(done.order.id)}`;
        return;
      }
      await tellRefusal(done);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      said.replaceChildren(notice(problem.message));
    }
  }, { class: "button primary wide" });

  async function tellRefusal({ refused, charged, currency }) {
    const before = checkout.total();
    await checkout.reload();
    await refreshOffer();
    const sentences = [refused];
    if (checkout.total() !== before) sentences.push(`The total was ${before} and is now ${checkout.total()}.`);
    if (Number(charged) > 0) {
      sentences.push(`Your payment of ${money(charged, currency)} is kept. Nothing is charged twice: press Pay now again to finish.`);
    }
    said.replaceChildren(notice(sentences.join(" ")));
  }

  return h("div", { class: "pay" }, button, said,
    h("p", { class: "small soft" }, "Demo payment: no card, no money. Tickets can always be bought, with protection or without."));
}

function amount(line) {
  return money(line.totalPrice.gross.amount, checkout.currency);
}

function shield() {
  return h("span", { class: "shield", "aria-hidden": "true" });
}

function empty() {
  return h("div", { class: "empty" }, h("p", {}, "Nothing here yet."), h("a", { class: "button", href: "#/" }, "See the events"));
}

