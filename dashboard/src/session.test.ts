import { expect, test } from "vitest";

import { handedOver, rememberDashboard } from "./session";

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

test("a page that is loaded again knows the dashboard that opened it first", () => {
  const opened = (referrer: string) => ({ referrer }) as Document;
  const unknown = opened("");
  rememberDashboard(unknown);
  expect(unknown.referrer).toBe("");

  rememberDashboard(opened("https://shop.example/"));
  const again = opened("");
  rememberDashboard(again);
  expect(again.referrer).toBe("https://shop.example/");
});
