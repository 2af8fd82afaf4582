// The router: the part of the address after # names the page.

import { config, keepStaffKey } from "./api.js";
import { basketPage } from "./basket.js";
import { cataloguePage } from "./catalogue.js";
import { checkout } from "./checkout.js";
import { h, notice } from "./dom.js";
import { orderPage } from "./order.js";
import { deskPage } from "./desk.js";
import { staffOrderPage, staffPage } from "./staff.js";

const PAGES = [
  [/^$/, "Events", cataloguePage],
  [/^basket$/, "Basket", basketPage],
  [/^order\/(.+)$/, "Your order", orderPage],
  [/^staff$/, "Store side", staffPage],
  [/^staff\/desk(?:\/(\w+))?$/, "Protection desk", deskPage],
  [/^staff\/order\/(.+)$/, "Order, store side", staffOrderPage],
];
const main = document.getElementById("main");
let latest = 0;
let shown = null;

async function show() {
  const [address, query] = location.hash.replace(/^#\/?/, "").split("?");
  if (query) {
    keepStaffKey(query);
    // Remove the key from the address bar; the tab keeps it.
    history.replaceState(null, "", `#/${address}`);
  }
  const turn = (latest += 1);
  const [name, content] = await made(address);
  if (turn !== latest) return;
  main.replaceChildren(...content.flat().filter(Boolean));
  document.title = `${name} · Foyer`;
  mark(address);
  // Announce a new page to screen readers, but not the first one or a refresh.
  if (shown !== null && shown !== address) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  shown = address;
}

async function made(address) {
  for (const [pattern, name, page] of PAGES) {
    const found = pattern.exec(address);
    if (!found) continue;
    try {
      return [name, await page(...found.slice(1).filter(Boolean).map(decodeURIComponent))];
    } catch (problem) {
      console.error(problem);
      return [name, [h("h1", {}, name), notice(problem.message)]];
    }
  }
  return ["Not found", [h("h1", {}, "There is no such page"), h("a", { class: "button", href: "#/" }, "See the events")]];
}

function mark(address) {
  document.body.classList.toggle("is-staff", address.startsWith("staff"));
  for (const link of document.querySelectorAll("nav [data-page]")) {
    const isHere = link.dataset.page === address.split("/")[0];
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function showCount() {
  const count = document.getElementById("count");
  count.hidden = checkout.count === 0;
  count.textContent = String(checkout.count);
}

checkout.follow(showCount, document.body);
try {
  const settings = await config();
  for (const module of [settings.element, settings.policy]) import(module).catch(console.error);
  await checkout.open(settings);
} catch (problem) {
  main.replaceChildren(notice(problem.message));
}
// The skip link cannot use the part after #, which names the page.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
await show();
