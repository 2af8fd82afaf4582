import { describe, expect, it } from "vitest";
import { isSame, isTooMany, mayBeNone, obstacle, onlyQuoteId, rangeOf, sumOf } from "../src/offer/selection";
import { group, offer, quote, usd } from "./offers";

const two = [quote("a", { premium: usd("0.10") }), quote("b", { premium: usd("0.20") })];
const alternatives = group(["a", "b"], { choice: "ALTERNATIVES" });

describe("what may be chosen", () => {
  it("is a plain question where one product can be bought", () => {
    expect(onlyQuoteId(offer())).toBe("a");
    const disabled = group(["b"], { isDisabled: true });
    expect(onlyQuoteId(offer({ groups: [group(["a"]), disabled], quotes: two }))).toBe("a");
    expect(onlyQuoteId(offer({ groups: [alternatives], quotes: two }))).toBeUndefined();
  });

  it("is something, not too much and not too little", () => {
    const free = offer({ groups: [alternatives], quotes: two });
    expect(obstacle(free, [])).toBe("nothing");
    expect(obstacle(free, ["a"])).toBeUndefined();
    expect(obstacle(free, ["a", "b"])).toBe(alternatives);
    expect(isTooMany(alternatives, ["a", "b"])).toBe(true);
    const required = group(["b"], { minSelect: 1 });
    expect(obstacle(offer({ groups: [group(["a"]), required], quotes: two }), ["a"])).toBe(required);
    expect(isTooMany(required, ["a"])).toBe(false);
  });

  it("can be left out of one group of alternatives while another is taken", () => {
    const groups = [alternatives, group(["c"])];
    expect(mayBeNone(offer({ groups }), alternatives)).toBe(true);
    expect(mayBeNone(offer({ groups: [alternatives] }), alternatives)).toBe(false);
    const required = { ...alternatives, minSelect: 1 };
    expect(mayBeNone(offer({ groups: [required, group(["c"])] }), required)).toBe(false);
  });

  it("costs an exact sum", () => {
    expect(sumOf(offer({ quotes: two }), ["a", "b"])).toBe(30n);
    const dear = [quote("a", { premium: usd("90071992547409.93") }), quote("b", { premium: usd("0.06") })];
    expect(sumOf(offer({ quotes: dear }), ["a", "b"])).toBe(9007199254740999n);
  });

  it("is said as a number or as a range", () => {
    expect(rangeOf(alternatives)).toBe("1");
    expect(rangeOf(group(["a", "b"], { minSelect: 1, maxSelect: 2 }))).toBe("1–2");
    expect(rangeOf(group(["a", "b"], { minSelect: 2, maxSelect: 2 }))).toBe("2");
  });

  it("is the same in whatever order", () => {
    expect(isSame(["a", "b"], ["b", "a"])).toBe(true);
    expect(isSame(["a"], ["b"])).toBe(false);
  });
});
