// The order after paying: its tickets, and what became of their protection.

import { ask } from "./api.js";
import { checkout } from "./checkout.js";
import { h, notice } from "./dom.js";
import { gross, money } from "./format.js";
import { poster } from "./poster.js";

export async function orderPage(id) {
  const order = await ask("order", { id });
  if (!order) return [notice("We could not find this order.")];
  const tickets = order.lines.filter((line) => line.productSku !== checkout.coverSku);
  return [
    h("section", { class: "thanks" },
      h("p", { class: "kicker" }, "Thank you. See you there."),
      h("h1", {}, `Order ${order.number}`)),
    h("div", { class: "receipt" },
      h("div", { class: "ticket" },
        h("div", { class: "strip" }, poster(tickets[0]?.productName ?? "")),
        h("ul", {}, order.lines.map((line) => lineOf(line, order.total.gross.currency))),
        h("p", { class: "sum" }, h("span", {}, "Total paid"), h("strong", {}, gross(order.total)))),
      h("section", { class: "protection" },
        h("h2", { class: "visually-hidden" }, "Ticket protection"),
        // The plugin's own element: the state, the papers and how to claim.
        h("xcover-policy", { channel: checkout.channel, order: order.id }))),
    h("p", { class: "after" }, h("a", { class: "button plain", href: "#/" }, "More events")),
  ];
}

function lineOf(line, currency) {
  return h("li", {},
    h("span", {}, `${line.quantity} × ${line.productName}`),
    h("span", {}, money(line.totalPrice.gross.amount, currency)));
}
