// The order after paying: its tickets, and the state of its policy.

import { ask } from "./api.js";
import { checkout } from "./checkout.js";
import { h, notice } from "./dom.js";
import { gross, money } from "./format.js";
import { poster } from "./poster.js";

const WAITS = [1500, 2000, 3000, 4000, 6000, 10000]; // ms between looks; the last one repeats
const SETTLED = ["confirmed", "void", "cancelled", "parked"];
const WORDS = {
  placed: ["Your protection is being arranged", "Your tickets are bought. The policy follows as soon as the insurer confirms it; there is nothing you need to do."],
  confirming: ["Your protection is being arranged", "Your tickets are bought. The insurer is writing your policy; this usually takes a moment and there is nothing you need to do."],
  confirmed: ["Your tickets are protected", "Keep the policy number: you need it should you ever make an insurance claim."],
  cancelling: ["Your policy is being cancelled", "Your order was refunded, so the policy is ended as well."],
  cancelled: ["Your policy is cancelled", "Your order was refunded and the policy has ended."],
  parked: ["We are looking into your protection", "Something about your policy needs one of us. Your tickets are not affected; we will write to you."],
  void: ["No policy was made", "Your tickets are not affected. What you paid for protection is yours again."],
  // Null, or a status this shop does not know yet: neither a promise nor an alarm.
  unknown: ["You bought protection", "We cannot say just now how far your policy is. Your tickets are not affected; please look again later."],
};

export async function orderPage(id) {
  const order = await ask("order", { id });
  if (!order) return [notice("We could not find this order.")];
  const tickets = order.lines.filter((line) => line.productSku !== checkout.coverSku);
  const cover = h("div", { "aria-live": "polite" });
  const hasCover = order.lines.some((line) => line.productSku === checkout.coverSku);
  poll(order.id, cover, hasCover);
  return [
    h("section", { class: "thanks" },
      h("p", { class: "kicker" }, "Thank you. See you there."),
      h("h1", {}, `Order ${order.number}`)),
    h("div", { class: "receipt" },
      h("div", { class: "ticket" },
        h("div", { class: "strip" }, poster(tickets[0]?.productName ?? "")),
        h("ul", {}, order.lines.map((line) => lineOf(line, order.total.gross.currency))),
        h("p", { class: "sum" }, h("span", {}, "Total paid"), h("strong", {}, gross(order.total)))),
      cover),
    h("p", { class: "after" }, h("a", { class: "button plain", href: "#/" }, "More events")),
  ];
}

function lineOf(line, currency) {
  return h("li", {},
    h("span", {}, `${line.quantity} × ${line.productName}`),
    h("span", {}, money(line.totalPrice.gross.amount, currency)));
}

async function poll(id, holder, hasCover) {
  if (!hasCover) {
    holder.replaceChildren(h("div", { class: "cover none" }, h("h2", {}, "No ticket protection"), h("p", {}, "You bought your tickets without protection.")));
    return;
  }
  holder.replaceChildren(card({ status: "confirming" }));
  for (let look = 0; ; look += 1) {
    const root = await ask("insuranceCover", { id }).catch(() => ({ errors: [] }));
    if (look > 0 && !holder.isConnected) return;
    const status = root.cover && known(root.cover.status);
    if (status && status !== holder.dataset.status) {
      holder.dataset.status = status;
      holder.replaceChildren(card({ ...root.cover, status }));
    }
    if (SETTLED.includes(status)) return;
    await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(look, WAITS.length - 1)]));
  }
}

const known = (status) => (Object.hasOwn(WORDS, status?.toLowerCase()) ? status.toLowerCase() : "unknown");

function card({ status, premium, products = [], policyNumber, pdsUrl, amountDueBack }) {
  const [title, sentence] = WORDS[status];
  const due = amountDueBack && Number(amountDueBack.amount) > 0;
  const fact = (name, value) => value && [h("dt", {}, name), h("dd", {}, value)];
  return h("div", { class: `cover ${status}` },
    h("h2", {}, h("span", { class: "shield", "aria-hidden": "true" }), title),
    h("p", {}, sentence),
    h("dl", {},
      fact("Policy number", policyNumber && h("code", {}, policyNumber)),
      products.length > 1 && products.map((product) => fact(product.title, money(product.premium.amount, product.premium.currency))),
      fact("Premium", premium && money(premium.amount, premium.currency)),
      fact("Due back to you", due && money(amountDueBack.amount, amountDueBack.currency))),
    /^https?:\/\//.test(pdsUrl ?? "") && h("p", {}, h("a", { href: pdsUrl, target: "_blank", rel: "noopener noreferrer" }, "Policy wording")));
}
