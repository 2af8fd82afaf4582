import { expect, test } from "vitest";

import { reduced } from "./onlyUsed";

const CODE = `
import { forwardRef } from "react";
const theme = { ink: "black" }, [unused] = make();
function styled(name) { return () => theme[name]; }
const Text = forwardRef(styled("ink")), Dialog = forwardRef(() => Portal);
class Portal {}
Text.displayName = "Text";
Dialog.displayName = "Dialog";
function make() { return [1]; }
const registry = {};
registry.done = true;
window.started = 1;
export { Text, Dialog as Modal, unused };
`;

test("what a wanted export needs is kept in its order, with effects on it and on the page", () => {
  expect(reduced(CODE, ["Text"]).split("\n")).toEqual([
    'import { forwardRef } from "react";',
    'const theme = { ink: "black" };',
    "function styled(name) { return () => theme[name]; };",
    'const Text = forwardRef(styled("ink"));',
    'Text.displayName = "Text";;',
    "window.started = 1;;",
    "export { Text as Text };",
  ]);
});

test("an export is found by the name it is imported by", () => {
  const code = reduced(CODE, ["Modal"]);
  expect(code).toContain("class Portal {}");
  expect(code).toContain("export { Dialog as Modal };");
  expect(code).not.toContain("Text");
});
