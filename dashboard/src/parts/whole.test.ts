import { expect, test } from "vitest";

import type { InsuranceCoverStatus } from "../gql/graphql";
import { readWhole } from "./whole";

function reading(...statuses: [InsuranceCoverStatus, InsuranceCoverStatus][]) {
  const orders = statuses.map(([status, ofCase]) => ({
    cover: { status },
    cases: [{ cover: { status: ofCase } }, { cover: null }],
  }));
  let reads = 0;
  return { read: async () => orders[Math.min(reads++, orders.length - 1)]!, count: () => reads };
}

test("an order whose policy was cancelled while it was read is read again", async () => {
  const { read, count } = reading(["CANCELLING", "CANCELLED"], ["CANCELLED", "CANCELLED"]);

  expect((await readWhole(read))?.cover.status).toBe("CANCELLED");
  expect(count()).toBe(2);
});

test("one whose parts agree is read once, and none is read for ever", async () => {
  const whole = reading(["CONFIRMED", "CONFIRMED"]);
  await readWhole(whole.read);
  expect(whole.count()).toBe(1);

  const never = reading(["CANCELLING", "CANCELLED"]);
  expect((await readWhole(never.read))?.cover.status).toBe("CANCELLING");
  expect(never.count()).toBe(3);
});
