import type { InsuranceCancellationRule } from "../gql/graphql";
import { wordsOf } from "./texts";

/** What happened to an order or its event, by the rule that judged it. */
const RULES: Record<InsuranceCancellationRule, string> = {
  CLAIM_OPEN: "a claim is open",
  CLAIM_PAID: "XCover paid a claim",
  CHARGEBACK: "the buyer's bank took the payment back",
  SHORT: "less was refunded than what was named costs",
  EVENT_CANCELLED_REFUNDED: "the organiser cancelled the event, and the protection was refunded",
  EVENT_CANCELLED: "the organiser cancelled the event",
  SOME_EVENTS_CANCELLED: "the organiser cancelled one of several events",
  EVERYTHING: "tickets and protection were refunded",
  EVERYTHING_LATE: "tickets and protection were refunded after the cooling-off period",
  EVERYTHING_AFTER: "tickets and protection were refunded after the event began",
  COVER: "the protection was refunded",
  COVER_LATE: "the protection was refunded after the cooling-off period",
  COVER_AFTER: "the protection was refunded after the event began",
  TICKETS: "the tickets were refunded, their protection was not",
  TICKETS_AFTER: "the tickets were refunded after the event began, their protection was not",
  SOME_TICKETS: "only part of the order was refunded",
  SOME_TICKETS_AFTER: "part of the order was refunded after the event began",
  MONEY: "only part of the order was refunded",
  MONEY_AFTER: "part of the order was refunded after the event began",
  ORDER_CANCELLED: "the order was cancelled, but not refunded",
  ORDER_CANCELLED_AFTER: "the order was cancelled after the event began, but not refunded",
  STAFF: "staff had XCover asked what it would refund",
};

/** A rule in words; `code` may be in lower case, as in texts of the API. */
export function ruleText(code: string): string {
  return RULES[code.toUpperCase() as InsuranceCancellationRule] ?? wordsOf(code);
}

const JUDGED = /^refund judged: (\w+)$/;

/** A step of a policy's history, without codes. */
export function stepText(what: string): string {
  const [, code] = JUDGED.exec(what) ?? [];
  return code ? `refund judged: ${ruleText(code)}` : what;
}
