// The catalogue: ticketed events and merchandise.

import { ask } from "./api.js";
import { checkout } from "./checkout.js";
import { announce, busyButton, h, notice } from "./dom.js";
import { eventTime, gross } from "./format.js";
import { poster } from "./poster.js";

export async function cataloguePage() {
  const products = (await ask("products")).edges.map((edge) => read(edge.node)).filter(Boolean);
  const events = products.filter((product) => product.start).sort((a, b) => a.start.localeCompare(b.start));
  const merchandise = products.filter((product) => !product.start);
  return [
    h("section", { class: "hero" },
      h("h1", {}, "Nights worth leaving the house for"),
      h("p", {}, "Pick a night. Protect your tickets if you like. Be there."),
    ),
    events.length
      ? h("ul", { class: "events", "aria-label": "Events" }, events.map(eventCard))
      : notice("There are no events in this channel yet.", "quiet"),
    merchandise.length > 0 && h("section", { class: "desk" },
      h("h2", {}, "From the desk"),
      h("ul", { class: "goods" }, merchandise.map(goodsCard)),
    ),
    basketBar(),
  ];
}

function read(node) {
  const variant = node.variants.find((each) => each.pricing?.price);
  if (!variant) return null;
  const facts = Object.fromEntries(node.metadata.map(({ key, value }) => [key, value]));
  return {
    name: facts.event_name || node.name,
    start: facts.event_start,
    zone: facts.event_timezone || "UTC",
    place: [facts.event_venue, facts.event_city].filter(Boolean),
    variant,
    price: gross(variant.pricing.price),
  };
}

function eventCard(event) {
  const time = eventTime(event.start, event.zone);
  const [venue, ...city] = event.place;
  return h("li", { class: "event" },
    h("div", { class: "art" },
      poster(event.name),
      h("p", { class: "day", "aria-hidden": "true" },
        h("span", {}, time.month), h("strong", {}, time.day)),
    ),
    h("div", { class: "facts" },
      h("h2", {}, event.name),
      h("p", { class: "when" }, h("time", { datetime: event.start }, `${time.weekday}, ${time.date}`), h("br"), time.time),
      h("p", { class: "where" }, venue, city.length > 0 && h("span", {}, ` · ${city.join(", ")}`)),
    ),
    h("div", { class: "stub" },
      h("p", { class: "price" }, event.price, h("small", {}, " per ticket")),
      addButton(event, "Add ticket"),
    ),
  );
}

function goodsCard(goods) {
  return h("li", { class: "goods-card" },
    h("div", { class: "art small" }, poster(goods.name)),
    h("div", {}, h("h3", {}, goods.name), h("p", {}, goods.variant.name), h("p", { class: "price" }, goods.price)),
    addButton(goods, "Add"),
  );
}

function addButton(product, label) {
  const button = busyButton(label, async () => {
    try {
      await checkout.add(product.variant.id);
      announce(`${product.name} added. Total ${checkout.total()}.`);
      button.textContent = "Added ✓";
      setTimeout(() => { button.textContent = label; }, 1400);
    } catch (problem) {
      button.after(notice(problem.message));
    }
  }, { class: "button", "aria-label": `${label}: ${product.name}` });
  return button;
}

function basketBar() {
  const bar = h("a", { class: "basket-bar", href: "#/basket" });
  const show = () => {
    bar.hidden = !checkout.current;
    bar.replaceChildren(h("span", {}, checkout.summary()), h("strong", {}, "Go to basket →"));
  };
  checkout.follow(show, bar);
  show();
  return bar;
}
