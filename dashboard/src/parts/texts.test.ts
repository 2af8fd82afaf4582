import { expect, test } from "vitest";

import { agoText, counted, moneyText, percentText, wordsOf } from "./texts";

test("an amount is written as the API gave it", () => {
  expect(moneyText({ amount: "6.60", currency: "USD" })).toBe("6.60 USD");
  expect(moneyText(null)).toBe("");
});

test("the time since is in the largest unit there is one of", () => {
  const now = new Date("2026-11-30T12:00:00Z");
  expect(agoText("2026-11-27T11:00:00Z", now)).toBe("3 days ago");
  expect(agoText("2026-11-30T10:00:00Z", now)).toBe("2 hours ago");
  expect(agoText("2026-11-30T11:59:30Z", now)).toBe("just now");
  expect(agoText("2026-12-01T00:00:00Z", now)).toBe("just now");
});

test("codes, counts and shares are words", () => {
  expect(wordsOf("UNPAID_NEAR_EVENT")).toBe("unpaid near event");
  expect(counted(1, "policy", "policies")).toBe("1 policy");
  expect(counted(2, "policy", "policies")).toBe("2 policies");
  expect(percentText("0.4286")).toBe("42.9 %");
  expect(percentText(null)).toBe("");
});
