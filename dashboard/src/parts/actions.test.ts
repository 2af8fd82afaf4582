import { expect, test } from "vitest";

import { type Case, stakeText } from "./actions";

const money = { amount: "6.66", currency: "USD" };
const nothing = { amount: "0.00", currency: "USD" };

function row(part: Partial<Case>): Case {
  const cover = { amountDueBack: nothing, premium: money, orderId: "", policyNumber: null, claim: null };
  return { kind: "POLICY", money, cover, cancellation: null, ...part } as Case;
}

test("an amount says who would pay it to whom", () => {
  const cancellation = { id: "1", rule: null, refund: money, confirmBefore: null };
  const store = { ...cancellation, xcoverRefundsBuyer: false };
  const buyer = { ...cancellation, xcoverRefundsBuyer: true };
  const due = row({}).cover && { ...row({}).cover!, amountDueBack: money };
  expect(stakeText(row({ kind: "CANCELLATION", cancellation: store }))).toBe(
    "XCover would refund 6.66 USD to the store",
  );
  expect(stakeText(row({ kind: "CANCELLATION", cancellation: buyer }))).toBe(
    "XCover would refund 6.66 USD to the buyer itself",
  );
  expect(stakeText(row({ kind: "DUE", cover: due }))).toBe("Due back to the buyer: 6.66 USD");
});

test("before XCover was asked, a premium is at stake", () => {
  const unasked = { id: "1", rule: null, refund: null, confirmBefore: null, xcoverRefundsBuyer: null };
  expect(stakeText(row({ kind: "CANCELLATION", cancellation: unasked }))).toBe("Premium: 6.66 USD");
  expect(stakeText(row({}))).toBe("Premium: 6.66 USD");
  expect(stakeText(row({ kind: "CALL", money: null }))).toBe("");
});
