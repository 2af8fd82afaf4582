import { expect, test } from "vitest";

import { handedOver } from "./session";

test("a token from the body of a POST is read from its block", () => {
  const page = new DOMParser().parseFromString(
    '<script id="session" type="application/json">{"token": "a", "orderId": "\\u003Cb\\u003E"}</script>',
    "text/html",
  );
  expect(handedOver(page)).toEqual({ token: "a", orderId: "<b>" });
});

test("without the block there is none", () => {
  expect(handedOver(new DOMParser().parseFromString("<p></p>", "text/html"))).toBeNull();
});
