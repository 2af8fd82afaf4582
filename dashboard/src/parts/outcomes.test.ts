import { expect, test } from "vitest";

import { outcomeText, refundText } from "./outcomes";
import { stepText } from "./rules";

test("an outcome is a sentence without codes", () => {
  expect(outcomeText("refund offered")).toBe("XCover would refund the store");
  expect(outcomeText("not asked: claim_open")).toBe(
    "XCover was not asked, it waits for a person: a claim is open",
  );
  expect(outcomeText("waits for a person: some_events_cancelled")).toBe(
    "It waits for a person: the organiser cancelled one of several events",
  );
  expect(outcomeText("no policy: parked")).toBe("No policy: it waits for a person");
});

test("one that only a newer version knows is its words", () => {
  expect(outcomeText("not asked: some_new_rule")).toBe(
    "XCover was not asked, it waits for a person: some new rule",
  );
  expect(outcomeText("sent_back")).toBe("sent back");
});

test("a step names the rule in words, and any other step is as it is", () => {
  expect(stepText("refund judged: event_cancelled")).toBe(
    "refund judged: the organiser cancelled the event",
  );
  expect(stepText("accepted at 6.66 USD")).toBe("accepted at 6.66 USD");
});

test("where XCover was not asked a dash stands, not a refund of nothing", () => {
  const nothing = { amount: "0.00", currency: "USD" };
  expect(refundText("not asked yet", nothing)).toBe("–");
  expect(refundText("not asked: claim_open", nothing)).toBe("–");
  expect(refundText("no policy: parked", nothing)).toBe("–");
  expect(refundText("under way", nothing)).toBe("–");
  expect(refundText("kept", nothing)).toBe("");
  expect(refundText("no refund offered", nothing)).toBe("0.00 USD");
  expect(refundText("under way", { amount: "6.66", currency: "USD" })).toBe("6.66 USD");
});
