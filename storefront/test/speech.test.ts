import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { written } from "../src/money";
import { Speech, type Texts } from "../src/speech";

const { offer } = JSON.parse(
  readFileSync(new URL("../src/locales/en.json", import.meta.url), "utf8"),
) as { offer: Texts };
const english = new Speech("en", "offer", offer, {});

describe("what is said", () => {
  it("counts as the language does", () => {
    expect(english.count("tickets", 1)).toBe("For 1 ticket");
    expect(english.count("tickets", 2)).toBe("For 2 tickets");
    expect(english.count("tickets", 1200)).toBe("For 1,200 tickets");
  });

  it("is the plugin's sentence where there is no other", () => {
    expect(english.tell({ code: "busy", message: "Please wait." })).toBe("Please wait.");
    expect(english.tell({ code: "unheard_of" })).toBe("Ticket protection is not available.");
    expect(english.tell({ code: "offer_stale", says: "changed" })).toBe(
      "The offer has changed. Please answer again.",
    );
  });

  it("names what is missing", () => {
    const fields = ["last_name", "phone"];
    expect(english.tell({ code: "policyholder_incomplete", fields })).toBe(
      "Please add: last name, phone number.",
    );
  });

  it("is the store's own text where it has one", () => {
    const own = new Speech("en", "offer", offer, { name: "Foyer cover", errors: { busy: "One moment." } });
    expect(own.say("name")).toBe("Foyer cover");
    expect(own.say("wording")).toBe("Policy wording");
    expect(own.tell({ code: "busy", message: "Please wait." })).toBe("One moment.");
    expect(own.tell({ code: "offline" })).toBe("You are offline.");
  });

  it("is English for a language that is not there, and for what is no language", () => {
    for (const wanted of ["nb", "xx-nonsense_", "", null]) {
      expect(new Speech(wanted, "offer", offer, {}).lang).toBe("en");
    }
  });
});

describe("an amount", () => {
  it.each([
    ["6.66", "USD", "$6.66"],
    ["333", "JPY", "¥333"],
    ["1.234", "KWD", "KWD\u00a01.234"],
    ["90071992547409.93", "USD", "$90,071,992,547,409.93"],
  ])("%s %s is exact", (amount, currency, shown) => {
    expect(written("en", { amount, currency })).toBe(shown);
  });
});
