// The staff's page: orders with their policies, and those that need a person.

import { config, staff } from "./api.js";
import { orderWidget } from "./desk.js";
import { h, notice } from "./dom.js";
import { gross, moment, money } from "./format.js";
import { live } from "./live.js";
import { refundPanel } from "./refund.js";
import { xcoverPanel } from "./xcover.js";

export async function staffPage() {
  const { missingTokens } = await config();
  const missing = missingTokens.map((name) => notice(`The shop was started without ${name}. Set it in the environment and start the shop again.`));
  const orders = () => live(staff.orders, (found) => [needsPerson(found), ordersTable(found)]);
  return [
    heading("Orders and policies"),
    h("p", {}, h("a", { href: "#/staff/desk" }, "Protection desk, as in the Saleor dashboard")),
    ...missing,
    missingTokens.includes("XCOVER_DEMO_STAFF_TOKEN") ? null : orders(),
    xcoverPanel(),
  ];
}

export async function staffOrderPage(id) {
  const refund = refundPanel(id, () => whole.refresh());
  const whole = live(() => staff.order(id), (order) => {
    refund.show(order);
    return drawOrder(order, refund);
  });
  return [h("p", { class: "back" }, h("a", { href: "#/staff" }, "← All orders")), whole, await orderWidget(id, () => void whole.refresh())];
}

function drawOrder(order, refund) {
  return [
    heading(`Order ${order.number}`),
    order.needsPerson && notice(order.needsPerson, "attention"),
    h("div", { class: "staff-columns" },
      h("section", { class: "panel" }, h("h2", {}, "Money and policy"), orderFacts(order), h("h3", {}, "Lines"), orderLines(order)),
      h("div", {},
        refund,
        h("section", { class: "panel" },
          h("h2", {}, "Notes"),
          order.notes.length ? h("ol", { class: "notes" }, order.notes.map((note) => h("li", {}, note))) : h("p", { class: "soft" }, "No notes yet.")))),
  ];
}

function orderFacts(order) {
  const currency = order.total.gross.currency;
  const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  const due = order.cover && Number(order.cover.amountDueBack.amount) > 0;
  return h("dl", { class: "facts" },
    fact("Status", words(order.status)),
    fact("Total", gross(order.total)),
    fact("Charged", money(order.totalCharged.amount, currency)),
    fact("Refunded", money(order.totalRefunded.amount, currency)),
    fact("Policy", policyBadge(order.cover?.status ?? order.policy.status)),
    order.policy.number && fact("Policy number", h("code", {}, order.policy.number)),
    due && fact("Due back to the buyer", money(order.cover.amountDueBack.amount, currency)));
}

function orderLines(order) {
  return h("ul", { class: "plain-lines" }, order.lines.map((line) =>
    h("li", {},
      h("span", {}, `${line.quantity} × ${line.productName}`),
      h("span", {}, money(line.totalPrice.gross.amount, order.total.gross.currency)))));
}

function heading(title) {
  return h("div", { class: "staff-head" }, h("p", { class: "tag" }, "The store's side: buyers never see this"), h("h1", {}, title));
}

function needsPerson(orders) {
  const waiting = orders.filter((order) => order.needsPerson);
  return h("section", { class: "panel needs" },
    h("h2", {}, "Needs a person"),
    waiting.length
      ? h("ul", {}, waiting.map((order) => h("li", {}, orderLink(order), h("span", {}, order.needsPerson))))
      : h("p", { class: "soft" }, "Nothing waits for a decision."));
}

function ordersTable(orders) {
  const heads = ["Order", "Made", "Status", "Total", "Charged", "Refunded", "Policy", "Policy number"];
  const row = (order) => {
    const currency = order.total.gross.currency;
    const cells = [
      orderLink(order), moment(order.created), words(order.status), gross(order.total),
      money(order.totalCharged.amount, currency), money(order.totalRefunded.amount, currency),
      policyBadge(order.policy.status), order.policy.number ? h("code", {}, order.policy.number) : "–",
    ];
    return h("tr", {}, cells.map((cell, index) => h("td", { "data-label": heads[index] }, cell)));
  };
  return h("section", { class: "panel" },
    h("h2", {}, "Latest orders"),
    orders.length
      ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Latest orders" },
          h("table", {}, h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, orders.map(row))))
      : h("p", { class: "soft" }, "No orders yet."));
}

function orderLink(order) {
  return h("a", { href: `#/staff/order/${encodeURIComponent(order.id)}` }, `Order ${order.number}`);
}

function policyBadge(status) {
  return h("span", { class: `badge ${status ?? "none"}` }, status ?? "none");
}

function words(constant) {
  const text = constant.replaceAll("_", " ").toLowerCase();
  return text[0].toUpperCase() + text.slice(1);
}
