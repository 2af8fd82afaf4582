import { beforeEach, expect, test } from "vitest";

import { periodOf, remember, remembered } from "./period";

const NOW = new Date("2026-11-30T23:30:00Z");

beforeEach(() => window.localStorage.clear());

test("without a memory it is 30 days that end today", () => {
  expect(remembered(NOW)).toEqual({ preset: "30", first: "2026-11-01", last: "2026-11-30" });
});

test("a preset ends today whenever it is remembered", () => {
  remember({ preset: "7", first: "2026-01-01", last: "2026-01-07" });
  expect(remembered(NOW)).toEqual({ preset: "7", first: "2026-11-24", last: "2026-11-30" });
});

test("days of one's own stay as they were", () => {
  const own = { preset: "own", first: "2026-01-05", last: "2026-02-01" };
  remember(own);
  expect(remembered(NOW)).toEqual(own);
  expect(periodOf("own", { ...own, preset: "7" }, NOW)).toEqual(own);
});

test.each([["rubbish"], ["null"], ['{"preset":"7"}'], ['{"preset":"x","first":"a","last":"b"}'], ["[1]"]])(
  "a memory that is %s is forgotten",
  (kept) => {
    window.localStorage.setItem("xcover-desk-period", kept);
    expect(remembered(NOW).preset).toBe("30");
  },
);
