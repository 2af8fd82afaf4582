import type { Session } from "../session";
import { unwrapped } from "../api";
import {
  APPROVE,
  ASK,
  COMPLETE,
  DO_NOT_MAKE,
  KEEP,
  MAKE_AFTER_ALL,
  RETRY,
  GIVEN_BACK,
  TAKE_OVER,
} from "../documents";
import { moneyText } from "./texts";
import type { CasePartsFragment, InsuranceCaseAction } from "../gql/graphql";

export type Case = CasePartsFragment;

/** What a person filled in for an action. */
export interface Filled {
  askedXcover: boolean;
  policyNumber: string;
  details: Record<string, string>;
}

export const NOTHING_FILLED: Filled = { askedXcover: false, policyNumber: "", details: {} };

export const LABELS: Record<InsuranceCaseAction, string> = {
  APPROVE: "Cancel the policy",
  KEEP: "Keep the policy",
  ASK: "Ask XCover again",
  RETRY: "Try again",
  COMPLETE: "Complete the details",
  DO_NOT_MAKE: "Make no policy",
  MAKE_AFTER_ALL: "Make it after all",
  TAKE_OVER: "Take over a policy",
  GIVEN_BACK: "Mark as given back",
};

/** Actions after which XCover is not asked, so that a case that waits no longer is over. */
export const LAST_WORDS: readonly InsuranceCaseAction[] = ["KEEP", "GIVEN_BACK"];

/** What is at stake in a case, with who would pay it to whom. */
export function stakeText({ kind, money, cancellation, cover }: Case): string {
  if (!money) return "";
  if (kind === "CANCELLATION" && cancellation?.refund) {
    const whom = cancellation.xcoverRefundsBuyer ? "the buyer itself" : "the store";
    return `XCover would refund ${moneyText(money)} to ${whom}`;
  }
  const isDue = kind !== "CANCELLATION" && Number(cover?.amountDueBack.amount) > 0;
  return `${isDue ? "Due back to the buyer" : "Premium"}: ${moneyText(money)}`;
}

const DETAILS: Record<string, string> = {
  first_name: "firstName",
  last_name: "lastName",
  email: "email",
  phone: "phone",
};

/** The details a person can fill in here; others have to be written into the order. */
export function fillable(waiting: Case): string[] {
  return (waiting.missingDetails ?? []).filter((name) => name in DETAILS);
}

/** Carries out an action, for exactly the amounts that the case showed. Throws `ApiError`. */
export async function carryOut(
  session: Session,
  action: InsuranceCaseAction,
  waiting: Case,
  filled: Filled,
): Promise<void> {
  const orderId = waiting.orderId ?? "";
  const cancellationId = waiting.cancellation?.id ?? "";
  const { ask } = session;
  switch (action) {
    case "APPROVE": {
      const refund = waiting.cancellation?.refund ?? { amount: "", currency: "" };
      const variables = { id: cancellationId, refund: exact(refund) };
      unwrapped((await ask(APPROVE, variables)).insuranceApproveCancellation);
      return;
    }
    case "KEEP": {
      const variables = { id: cancellationId, askedXcover: filled.askedXcover };
      unwrapped((await ask(KEEP, variables)).insuranceKeepPolicy);
      return;
    }
    case "ASK":
      unwrapped((await ask(ASK, { orderId })).insuranceAskCancellation);
      return;
    case "RETRY":
      unwrapped((await ask(RETRY, { messageId: waiting.messageId ?? "" })).insuranceRetry);
      return;
    case "COMPLETE": {
      const given = Object.entries(filled.details).map(([name, text]) => [DETAILS[name], text]);
      const variables = { orderId, ...Object.fromEntries(given) };
      unwrapped((await ask(COMPLETE, variables)).insuranceCompletePolicyholder);
      return;
    }
    case "DO_NOT_MAKE": {
      const variables = { orderId, askedXcover: filled.askedXcover };
      unwrapped((await ask(DO_NOT_MAKE, variables)).insuranceDoNotMakePolicy);
      return;
    }
    case "MAKE_AFTER_ALL":
      unwrapped((await ask(MAKE_AFTER_ALL, { orderId })).insuranceMakePolicyAfterAll);
      return;
    case "TAKE_OVER": {
      const variables = { orderId, policyNumber: filled.policyNumber.trim() };
      unwrapped((await ask(TAKE_OVER, variables)).insuranceTakeOverPolicy);
      return;
    }
    case "GIVEN_BACK": {
      const due = waiting.cover?.amountDueBack ?? { amount: "", currency: "" };
      unwrapped((await ask(GIVEN_BACK, { orderId, due: exact(due) })).insuranceMarkGivenBack);
      return;
    }
  }
}

function exact({ amount, currency }: { amount: string; currency: string }) {
  return { amount, currency };
}
