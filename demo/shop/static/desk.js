// The protection desk in a frame, with the messages a Saleor dashboard exchanges with an app.

import { staff } from "./api.js";
import { announce, h, notice } from "./dom.js";

// A token lasts five minutes; a dashboard hands over a new one before that.
const RENEWED_EVERY = 3 * 60_000;

export async function deskPage() {
  return [
    h("div", { class: "staff-head" },
      h("p", { class: "tag" }, "The store's side: buyers never see this"),
      h("h1", {}, "Protection desk"),
      h("p", { class: "soft" }, "As staff see it in the Saleor dashboard, under Fulfillment.")),
    await deskFrame("", {}),
  ];
}

// The widget beside an order.
export async function orderWidget(orderId) {
  return h("section", { class: "panel" },
    h("h2", {}, "Ticket protection"),
    await deskFrame("order", { orderId }).catch((problem) => notice(problem.message)));
}

async function deskFrame(page, more) {
  const app = await staff.desk();
  const query = new URLSearchParams({
    domain: location.host, saleorApiUrl: `${location.origin}/graphql/`, id: app.id, theme: theme(), ...more,
  });
  const frame = h("iframe", {
    class: page ? "desk-frame is-widget" : "desk-frame",
    title: "Ticket protection",
    // A dashboard drops the slash at the end of an address.
    src: `${app.path}${page}`.replace(/\/$/, "") + `?${query}`,
    // An app believes messages of the page that its referrer names.
    referrerpolicy: "origin",
    sandbox: "allow-same-origin allow-forms allow-scripts allow-downloads allow-popups",
  });
  bridge(frame, app);
  return frame;
}

function theme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function bridge(frame, app) {
  const tell = (type, payload) => frame.contentWindow?.postMessage({ type, payload }, location.origin);
  const greet = (token) => tell("handshake", { token, version: 1 });
  frame.addEventListener("load", () => greet(app.token));
  const renewal = setInterval(async () => {
    if (!frame.isConnected) return end();
    const { token } = await staff.desk();
    tell("tokenRefresh", { token });
  }, RENEWED_EVERY);
  const heard = ({ data, source }) => {
    if (!frame.isConnected) return end();
    if (source !== frame.contentWindow || !data?.type) return;
    const act = ACTIONS[data.type];
    act?.(data.payload, frame);
    tell("response", { actionId: data.payload?.actionId, ok: Boolean(act) });
  };
  const end = () => {
    clearInterval(renewal);
    removeEventListener("message", heard);
  };
  addEventListener("message", heard);
}

const ACTIONS = {
  notifyReady: () => {},
  updateRouting: () => {},
  notification: ({ title, text }) => announce(text ?? title ?? ""),
  widgetResize: ({ height }, frame) => { frame.style.height = `${Math.min(height, 4000)}px`; },
  redirect: ({ to }) => {
    const [, id] = /^\/orders\/(.+)$/.exec(to) ?? [];
    if (id) location.hash = `#/staff/order/${id}`;
  },
};
