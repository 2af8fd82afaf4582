// The calls that the simulated XCover received, and a switch that makes it fail.

import { staff } from "./api.js";
import { announce, h, notice } from "./dom.js";
import { clock, counted } from "./format.js";
import { live } from "./live.js";

const HEADS = ["Time", "Operation", "Status", "Idempotency key", "Booking"];

export function xcoverPanel() {
  const said = h("div", { "aria-live": "polite" });
  const input = h("input", { type: "checkbox", role: "switch", id: "down", onchange: flip });
  const toggle = h("label", { class: "switch", for: "down" }, input, h("span", { class: "track", "aria-hidden": "true" }), "XCover is down");
  const received = live(staff.xcover, draw, 3000);

  function draw(state) {
    if (!state.isGiven) {
      return h("p", { class: "soft" }, "The shop was started without --simulator, so there is nothing to look into here.");
    }
    input.checked = state.isDown;
    return [toggle, h("p", { class: "soft small" }, `${counted(state.count, "call")} so far, newest first.`), callTable(state.calls)];
  }

  async function flip() {
    const isDown = input.checked;
    try {
      await staff.setXcoverDown(isDown);
      announce(isDown ? "XCover is down now." : "XCover works again.");
      said.replaceChildren();
      await received.refresh();
    } catch (problem) {
      input.checked = !isDown;
      said.replaceChildren(notice(problem.message));
    }
  }

  return h("section", { class: "panel xcover" }, h("h2", {}, "What XCover received"), said, received);
}

function callTable(calls) {
  return h("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "What XCover received" },
    h("table", {},
      h("thead", {}, h("tr", {}, HEADS.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, calls.map(callRow))));
}

function callRow(call) {
  const isGood = call.status >= 200 && call.status < 300;
  const cells = [
    clock(call.at),
    h("code", {}, call.operation),
    h("span", { class: `badge ${isGood ? "confirmed" : "parked"}` }, call.status === null ? "no answer" : String(call.status)),
    call.key ? h("code", {}, call.key) : "–",
    call.booking ? h("code", {}, call.booking) : "–",
  ];
  return h("tr", {}, cells.map((cell, index) => h("td", { "data-label": HEADS[index] }, cell)));
}
