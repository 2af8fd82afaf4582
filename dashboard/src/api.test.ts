import { afterEach, expect, test, vi } from "vitest";

import { ApiError, deskAddress, send, unwrapped } from "./api";
import { TypedDocumentString } from "./gql/graphql";

const DOCUMENT = new TypedDocumentString<{ a: number }, Record<string, never>>("{ a }");

afterEach(() => vi.unstubAllGlobals());

function answering(body: string, status = 200) {
  const fetch = vi.fn(async () => new Response(body, { status }));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test("the token goes into a header and nowhere else", async () => {
  const fetch = answering('{"data": {"a": 1}}');

  expect(await send("secret", DOCUMENT, {})).toEqual({ a: 1 });

  const [url, options] = fetch.mock.calls[0] as unknown as [URL, RequestInit];
  expect(String(url)).not.toContain("secret");
  expect(options.body).not.toContain("secret");
  expect(options.credentials).toBe("omit");
  expect((options.headers as Record<string, string>).Authorization).toBe("Bearer secret");
});

test("a refusal keeps its sentence and code", async () => {
  const error = { message: "The sign-in has ended.", extensions: { code: "UNAUTHENTICATED" } };
  answering(JSON.stringify({ errors: [error] }), 401);

  const refused = await send("x", DOCUMENT, {}).catch((caught: unknown) => caught);

  expect(refused).toBeInstanceOf(ApiError);
  expect((refused as ApiError).message).toBe("The sign-in has ended.");
  expect((refused as ApiError).isSignedOut).toBe(true);
});

test("an answer that is no JSON is told in words", async () => {
  answering("<html>Bad gateway</html>", 502);

  await expect(send("x", DOCUMENT, {})).rejects.toThrow("HTTP 502");
});

test("a line that is broken is told in words", async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));

  await expect(send("x", DOCUMENT, {})).rejects.toThrow("did not answer");
});

test("the errors of a part are thrown", () => {
  expect(unwrapped({ errors: [] })).toEqual({ errors: [] });
  expect(() => unwrapped({ errors: [{ code: "BUSY", message: "Try again." }] })).toThrow("Try");
});

test("every page has the same folder", () => {
  const pages = ["", "?id=1", "/", "/order?orderId=1", "/order/", "/events"];
  for (const page of pages) {
    expect(String(deskAddress(`https://shop/plugins/x/desk${page}`))).toBe(
      "https://shop/plugins/x/desk/",
    );
  }
});
