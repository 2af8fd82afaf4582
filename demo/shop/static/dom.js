// Helpers that build elements. Texts are set as text, so that no response becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, given = {}, ...children) {
  return filled(document.createElement(tag), given, children);
}

export function s(tag, given = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), given, children);
}

export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

// An error message in place.
export function notice(sentence, kind = "problem") {
  return h("p", { class: `notice ${kind}`, role: kind === "problem" ? "alert" : "status" }, sentence);
}

// Disable a button and mark it as busy while its action runs.
export function busyButton(label, work, given = {}) {
  const button = h("button", { type: "button", ...given, onclick: press }, label);
  async function press() {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await work(button);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
  return button;
}

function filled(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
