import { describe, expect, it } from "vitest";
import { waitFor } from "../src/offer/paying";
import { offer } from "./offers";

const asked = {
  answer: null,
  pending: null,
  told: null,
  offer: offer(),
  isLoading: false,
  isRequired: true,
} as const;
const refused = (code: string) => ({ ...asked, told: { code, wanted: "accepted" as const } });

describe("what paying waits for", () => {
  it("waits for an answer while an offer is there", () => {
    expect(waitFor(asked)).toBe("answer");
    expect(waitFor({ ...asked, answer: "declined" })).toBeNull();
    expect(waitFor({ ...asked, answer: "accepted" })).toBeNull();
  });

  it("waits for an answer under way, whether one is required or not", () => {
    const pending = { answer: "declined", key: "declined" } as const;
    expect(waitFor({ ...asked, pending })).toBe("pending");
    expect(waitFor({ ...asked, pending, isRequired: false })).toBe("pending");
  });

  it("waits for no answer where none is required or no offer is there", () => {
    expect(waitFor({ ...asked, isRequired: false })).toBeNull();
    expect(waitFor({ ...asked, offer: null })).toBeNull();
  });

  it.each(["unreachable", "offline", "internal", "busy", "too_many_requests", "xcover_unavailable", "payment_started", "of_a_newer_version"])(
    "lets a shopper pay whose answer failed with %s",
    (code) => expect(waitFor(refused(code))).toBeNull(),
  );

  it.each(["policyholder_incomplete", "insured_incomplete", "country_missing", "offer_stale", "offer_expired", "terms_changed", "too_few_chosen"])(
    "waits where the shopper can still answer, after %s",
    (code) => expect(waitFor(refused(code))).toBe("answer"),
  );
});
