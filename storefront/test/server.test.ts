import { expect, it } from "vitest";
import { stateOf, waitAfter } from "../src/policy/states";

it("both elements can be imported where there is no DOM", async () => {
  expect("HTMLElement" in globalThis).toBe(false);
  await expect(import("../src/element")).resolves.toHaveProperty("XCoverOffer");
  await expect(import("../src/policy")).resolves.toHaveProperty("XCoverPolicy");
});

it("a cover of another version is unknown, not unprotected", () => {
  const cover = { status: null } as never;
  expect(stateOf(cover)).toBe("unknown");
  expect(stateOf({ status: "FROZEN" } as never)).toBe("unknown");
  expect(stateOf({ status: "CONFIRMED" } as never)).toBe("confirmed");
});

it("looks for a policy that is being made more and more rarely, and else not at all", () => {
  expect([0, 1, 2, 6, 60].map((look) => waitAfter("confirming", look))).toEqual([
    1500, 2000, 3000, 30_000, 30_000,
  ]);
  for (const state of ["confirmed", "cancelled", "cancelling", "parked", "void", "unknown", "none"]) {
    expect(waitAfter(state, 0)).toBeNull();
  }
});
