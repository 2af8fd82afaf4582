import { describe, expect, it } from "vitest";
import { partShared } from "../src/offer/shared";
import { offer, quote } from "./offers";

const ill = { label: "Illness", text: "You are ill." };
const travel = { label: "Travel", text: "The journey." };

describe("what several products have in common", () => {
  it("is parted from what each says by itself, and nothing is lost", () => {
    const quotes = [
      quote("a", { inclusions: [ill], disclaimer: "Read it.", terms: "Terms A" }),
      quote("b", { inclusions: [ill, travel], disclaimer: "Read it.", terms: "Terms B" }),
    ];

    const { shared, own } = partShared(offer({ quotes }));

    expect(shared).toMatchObject({ inclusions: [ill], disclaimer: "Read it.", terms: "", pdsUrl: "" });
    expect(own.get("a")).toMatchObject({ inclusions: [], disclaimer: "", terms: "Terms A" });
    expect(own.get("b")).toMatchObject({ inclusions: [travel], disclaimer: "", terms: "Terms B" });
    expect(own.get("b")?.pdsUrl).toBe("https://xcover.example/b");
  });

  it("is a point only if its label and its text are the same", () => {
    const other = { ...ill, label: "Injury" };
    const quotes = [quote("a", { exclusions: [ill] }), quote("b", { exclusions: [other] })];

    const { shared, own } = partShared(offer({ quotes }));

    expect(shared?.exclusions).toEqual([]);
    expect([own.get("a")?.exclusions, own.get("b")?.exclusions]).toEqual([[ill], [other]]);
  });

  it("is not asked of a single product", () => {
    const { shared, own } = partShared(offer());
    expect(shared).toBeNull();
    expect(own.get("a")?.pdsUrl).toBe("https://xcover.example/a");
  });

  it("is one link to a wording that is the same for all", () => {
    const pdsUrl = "https://xcover.example/wording";
    const { shared, own } = partShared(offer({ quotes: [quote("a", { pdsUrl }), quote("b", { pdsUrl })] }));
    expect([shared?.pdsUrl, own.get("a")?.pdsUrl]).toEqual([pdsUrl, ""]);
  });
});
