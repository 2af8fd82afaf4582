// The protection desk in a frame, with the messages a Saleor dashboard exchanges with an app.

import { staff } from "./api.js";
import { announce, h, notice } from "./dom.js";

// A token lasts five minutes; a dashboard hands over a new one before that.
const RENEWED_EVERY = 3 * 60_000;

export async function deskPage(page = "") {
  return [
    h("div", { class: "staff-head" },
      h("p", { class: "tag" }, "The store's side: buyers never see this"),
      h("h1", {}, "Protection desk"),
      h("p", { class: "soft" }, "As staff see it in the Saleor dashboard, under Fulfillment.")),
    await deskFrame(page, {}),
  ];
}

// The widget beside an order.
export async function orderWidget(orderId, refresh) {
  const frame = await deskFrame("order", { orderId }).catch((problem) => notice(problem.message));
  frame.addEventListener("refresh-entity", refresh);
  return h("section", { class: "panel" }, h("h2", {}, "Ticket protection"), frame);
}

async function deskFrame(page, more) {
  const app = await staff.desk();
  const query = new URLSearchParams({
    domain: location.host, saleorApiUrl: `${location.origin}/graphql/`, id: app.id, theme: theme(), ...more,
  });
  const frame = h("iframe", {
    class: more.orderId ? "desk-frame is-widget" : "desk-frame",
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
  // A dashboard keeps the app's page in its own address, for when it is loaded again.
  updateRouting: ({ newRoute }) => {
    history.replaceState(null, "", `#/staff/desk${newRoute.split("?")[0].replace(/\/$/, "")}`);
  },
  // A dashboard reads the order again that the widget is beside.
  refreshEntity: (_, frame) => { frame.dispatchEvent(new Event("refresh-entity")); },
  notification: ({ title, text }) => announce(text ?? title ?? ""),
  widgetResize: ({ height }, frame) => { frame.style.height = `${Math.min(height, 4000)}px`; },
  redirect: ({ to, newContext }) => {
    if (newContext) return void open(to, "_blank", "noreferrer,noopener");
    const [, id] = /^\/orders\/(.+)$/.exec(to) ?? [];
    if (id) location.hash = `#/staff/order/${id}`;
  },
};
