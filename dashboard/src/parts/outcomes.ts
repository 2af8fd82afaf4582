import { ruleText } from "./rules";
import { type Amount, moneyText, wordsOf } from "./texts";

/** The outcomes of the API, which `xcover_event` prints as they are, as box offices say them. */
const OUTCOMES: Record<string, string> = {
  cancelled: "The policy was cancelled",
  "under way": "XCover is being asked",
  "policy being made": "The policy is being made",
  kept: "The policy was kept in force",
  "refused by XCover": "XCover named no refund; it waits for a person",
  "no refund offered": "XCover would refund nothing; it waits for a person",
  "XCover refunds it": "XCover would refund the buyer itself; it waits for a person",
  "refund offered": "XCover would refund the store",
  "not asked yet": "In force; XCover was not asked",
};

/** Why there is no policy, by the status of the cover. */
const NO_POLICY: Record<string, string> = {
  placed: "the order is not paid in full",
  parked: "it waits for a person",
  void: "the order ended before one was made",
};

/** Outcomes of which XCover named an amount, or will have. */
const HAS_REFUND = ["cancelled", "no refund offered", "XCover refunds it", "refund offered"];

/** What XCover refunds or would refund; a dash where it was not asked, nothing for kept policies. */
export function refundText(what: string, refund: Amount): string {
  if (what === "kept") return "";
  const isNamed = HAS_REFUND.includes(what) || what.startsWith("waits for a person: ");
  return isNamed || Number(refund.amount) > 0 ? moneyText(refund) : "–";
}

/** An outcome of policies of an event as a sentence, without codes. */
export function outcomeText(what: string): string {
  const [start = "", code] = what.split(": ");
  if (code === undefined) return OUTCOMES[what] ?? wordsOf(what);
  switch (start) {
    case "not asked":
      return `XCover was not asked, it waits for a person: ${ruleText(code)}`;
    case "waits for a person":
      return `It waits for a person: ${ruleText(code)}`;
    case "no policy":
      return `No policy: ${NO_POLICY[code] ?? wordsOf(code)}`;
    default:
      return wordsOf(what);
  }
}
