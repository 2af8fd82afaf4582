import { expect, test } from "vitest";

import { withDecided } from "./decided";

const rows = (ids: string) => [...ids].map((id) => ({ id }));
const ids = (found: { id: string }[]) => found.map(({ id }) => id).join("");

test("a decided row that is listed no more stays where it was, and others go", () => {
  expect(ids(withDecided(rows("ad"), rows("abcd"), new Set("b")))).toBe("abd");
  expect(ids(withDecided(rows("ad"), rows("abcd"), new Set("c")))).toBe("acd");
  expect(ids(withDecided(rows("cd"), rows("abcd"), new Set("ab")))).toBe("abcd");
  expect(ids(withDecided([], rows("ab"), new Set("b")))).toBe("b");
});

test("a decided row that is listed again is there once", () => {
  expect(ids(withDecided(rows("ba"), rows("ab"), new Set("ab")))).toBe("ba");
});

test("rows that nobody decided about are those of the list", () => {
  expect(ids(withDecided(rows("xy"), rows("abc"), new Set()))).toBe("xy");
});
