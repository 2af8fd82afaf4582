// The refund form. The shop reports the refund as the payment app would.

import { staff } from "./api.js";
import { busyButton, h, notice } from "./dom.js";
import { money } from "./format.js";

// An element that stays while the page around it is rendered again. `show(order)` updates its amounts.
export function refundPanel(orderId, refunded) {
  const said = h("div", { "aria-live": "polite" });
  const left = h("p", { class: "soft" });
  const label = h("label", { for: "amount" });
  const input = h("input", { id: "amount", inputmode: "decimal", placeholder: "0.00", autocomplete: "off" });
  const everything = busyButton("Refund everything", () => refund(null), { class: "button" });
  const form = h("form", { class: "refund-some", onsubmit: (event) => event.preventDefault() },
    label,
    h("div", { class: "joined" }, input, busyButton("Refund an amount", refundSome, { class: "button plain" })));
  const section = h("section", { class: "panel" }, h("h2", {}, "Refund"), left, everything, form, said);
  let currency = "USD";

  function show(order) {
    currency = order.total.gross.currency;
    const sum = order.transactions.reduce((all, each) => all + Number(each.chargedAmount.amount), 0);
    everything.hidden = form.hidden = sum <= 0;
    everything.textContent = `Refund everything (${money(sum, currency)})`;
    label.textContent = `Amount in ${currency}`;
    left.textContent = sum > 0
      ? "The demo's payment app reports the refund; no money moves."
      : "Nothing is left to refund.";
  }

  function refundSome() {
    const amount = input.value.trim().replace(",", ".");
    if (/^\d+(\.\d{1,3})?$/.test(amount)) return refund(amount);
    said.replaceChildren(notice("Write an amount, such as 25.00."));
    input.focus();
    return undefined;
  }

  async function refund(amount) {
    try {
      const done = await staff.refund(orderId, amount);
      input.value = "";
      said.replaceChildren(notice(`${money(done.refunded, currency)} refunded. The plugin now judges what becomes of the policy.`, "done"));
      await refunded();
    } catch (problem) {
      said.replaceChildren(notice(problem.message));
    }
  }

  return Object.assign(section, { show });
}
