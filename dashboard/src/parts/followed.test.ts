import { expect, test } from "vitest";

import type { Case } from "./actions";
import { outcomeText } from "./followed";

test("only a case that waits no longer is done", () => {
  expect(outcomeText({ waiting: null, isUnderWay: false }, null)).toBe("Done: it waits no longer.");
  expect(outcomeText({ waiting: null, isUnderWay: true }, null)).toBe(
    "Sent. XCover is being asked.",
  );
  expect(outcomeText({ waiting: {} as Case, isUnderWay: false }, null)).toBe(
    "Sent. This is how it stands now.",
  );
});

test("what is not known yet is not done", () => {
  expect(outcomeText(undefined, null)).toBe("Sent.");
  expect(outcomeText(undefined, new Error())).toBe("Sent. How it stands now could not be read.");
});
