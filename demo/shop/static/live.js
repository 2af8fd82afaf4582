// A part of a page that polls for changes and is rendered again only if something changed.

import { h, notice } from "./dom.js";

export function live(load, draw, every = 4000) {
  const holder = h("div", {}, h("p", { class: "soft", role: "status" }, "Loading…"));
  let drawn = "";

  async function refresh() {
    try {
      const found = await load();
      const now = JSON.stringify(found);
      if (now !== drawn) replace(draw(found));
      drawn = now;
    } catch (problem) {
      console.error(problem);
      if (drawn !== problem.message) replace(notice(problem.message));
      drawn = problem.message;
    }
  }

  function replace(content) {
    const focused = document.activeElement;
    holder.replaceChildren(...[content].flat(Infinity).filter(Boolean));
    // Keep the focus in a part that was not replaced.
    if (focused?.isConnected && focused !== document.activeElement) focused.focus();
  }

  async function watch() {
    for (let isFirst = true; isFirst || holder.isConnected; isFirst = false) {
      if (isFirst || !document.hidden) await refresh();
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  }
  watch();
  return Object.assign(holder, { refresh });
}
