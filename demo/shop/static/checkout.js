// The buyer's checkout at the host. The page always shows the host's last response.

import { ask } from "./api.js";
import { gross } from "./format.js";

const KEY = "checkout";
const DETAILS = "buyer";

class CurrentCheckout {
  current = null;
  coverSku = "";
  channel = "";
  buyer = {};
  #listeners = new Map();

  // Resume the checkout of this browser, unless it has become an order.
  async open({ coverSku, channel, buyer }) {
    this.coverSku = coverSku;
    this.channel = channel;
    this.buyer = JSON.parse(localStorage.getItem(DETAILS)) ?? buyer;
    const id = localStorage.getItem(KEY);
    if (id) await this.reload(id).catch(() => this.#show(null));
  }

  async reload(id = this.current?.id) {
    if (id) this.#show(await ask("checkout", { id }));
  }

  async add(variantId) {
    const lines = [{ variantId, quantity: 1 }];
    if (this.current) return this.#change("checkoutLinesAdd", { lines });
    const { email, ...address } = this.buyer;
    const { checkout } = await ask("checkoutCreate", { lines, email, address });
    return this.#show(checkout);
  }

  setQuantity(line, quantity) {
    if (quantity < 1) return this.#change("checkoutLinesDelete", { linesIds: [line.id] });
    return this.#change("checkoutLinesUpdate", { lines: [{ lineId: line.id, quantity }] });
  }

  async setBuyer({ email, ...address }) {
    await this.#change("checkoutEmailUpdate", { email });
    await this.#change("checkoutBillingAddressUpdate", { address });
    this.buyer = { email, ...address };
    localStorage.setItem(DETAILS, JSON.stringify(this.buyer));
  }

  forget() {
    this.#show(null);
  }

  get ticketLines() {
    return (this.current?.lines ?? []).filter((line) => !this.isCover(line));
  }

  // How many events there are tickets for, as far as lines tell: each is a product.
  get eventCount() {
    return new Set(this.ticketLines.map((line) => line.variant.product.name)).size;
  }

  isCover(line) {
    return line.variant.sku === this.coverSku;
  }

  get count() {
    return this.ticketLines.reduce((sum, line) => sum + line.quantity, 0);
  }

  get currency() {
    return this.current.totalPrice.gross.currency;
  }

  total() {
    return this.current ? gross(this.current.totalPrice) : "";
  }

  summary() {
    return this.current ? `${this.count} in your basket · ${this.total()}` : "";
  }

  // Call `listener` after every change while `element` is on the page.
  follow(listener, element) {
    this.#listeners.set(listener, element);
  }

  async #change(operation, variables) {
    const { checkout } = await ask(operation, { id: this.current.id, ...variables });
    return this.#show(checkout);
  }

  #show(checkout) {
    this.current = checkout?.lines.length ? checkout : null;
    if (this.current) localStorage.setItem(KEY, this.current.id);
    else localStorage.removeItem(KEY);
    for (const [listener, element] of this.#listeners) {
      if (element.isConnected) listener();
      else this.#listeners.delete(listener);
    }
  }
}

export const checkout = new CurrentCheckout();
