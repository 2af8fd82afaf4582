// The buyer's details, prefilled with an invented person.

import { checkout } from "./checkout.js";
import { announce, busyButton, h, notice } from "./dom.js";

const FIELDS = [
  ["firstName", "First name", "given-name"],
  ["lastName", "Last name", "family-name"],
  ["email", "E-mail", "email", "wide"],
  ["phone", "Phone", "tel", "wide"],
  ["streetAddress1", "Street", "street-address", "wide"],
  ["postalCode", "Postal code", "postal-code"],
  ["city", "City", "address-level2"],
  ["countryArea", "State or region", "address-level1"],
  ["country", "Country", "country"],
];
const COUNTRIES = { US: "United States", GB: "United Kingdom", DE: "Germany", NO: "Norway" };

// Show the saved details. `changed` is called after the host has accepted new ones.
export function detailsForm(changed) {
  const holder = h("div", { class: "details" });

  function showSaved() {
    const { firstName, lastName, email, phone, streetAddress1, city, postalCode, country } = checkout.buyer;
    holder.replaceChildren(
      h("p", {}, h("strong", {}, `${firstName} ${lastName}`), h("br"),
        [email, phone].filter(Boolean).join(" · "), h("br"),
        [streetAddress1, `${postalCode} ${city}`, COUNTRIES[country] ?? country].join(", ")),
      h("button", { type: "button", class: "button plain", onclick: edit }, "Change"),
    );
  }

  function edit() {
    const said = h("div", { "aria-live": "polite", class: "wide" });
    const form = h("form", { onsubmit: (event) => event.preventDefault() },
      FIELDS.map(field),
      said,
      h("div", { class: "wide actions" },
        busyButton("Save details", () => save(form, said), { class: "button" }),
        h("button", { type: "button", class: "button plain", onclick: showSaved }, "Leave as it was")),
    );
    holder.replaceChildren(form);
    form.elements.firstName.focus();
  }

  async function save(form, said) {
    if (!form.reportValidity()) return;
    const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    try {
      await checkout.setBuyer(given);
      showSaved();
      announce("Your details are saved.");
    } catch (problem) {
      said.replaceChildren(notice(problem.message));
    }
    // One of the two mutations may have succeeded.
    await changed();
  }

  showSaved();
  return holder;
}

function field([name, label, autocomplete, width = ""]) {
  const value = checkout.buyer[name] ?? "";
  const given = { name, id: `buyer-${name}`, autocomplete, required: !["phone", "countryArea"].includes(name) };
  const control = name === "country"
    ? h("select", given, Object.entries(COUNTRIES).map(([code, text]) => h("option", { value: code, selected: code === value }, text)))
    : h("input", { ...given, value, type: name === "email" ? "email" : name === "phone" ? "tel" : "text" });
  return h("div", { class: `field ${width}` }, h("label", { for: given.id }, label), control);
}
