import type { Offer } from "./api";
import { ANSWERABLE, CHANGED } from "./codes";
import type { Conversation } from "./conversation";

/** So long paying may wait for the first offer, in milliseconds; afterwards it goes on. */
export const PATIENCE = 5000;

/** What it depends on. */
export interface Seen extends Pick<Conversation, "answer" | "pending" | "told"> {
  /** The offer that is shown; null where none is. */
  readonly offer: Offer | null;
  /** The first offer is being asked for, and not for too long. */
  readonly isLoading: boolean;
  /** The store wants an answer before paying. */
  readonly isRequired: boolean;
}

/** What paying waits for; null: nothing, it may go on. */
export type Wait = "loading" | "pending" | "answer" | null;

/**
 * Says what paying waits for. It waits for an answer only while an offer is there and can be
 * answered: a network or an XCover that failed, and a payment that has begun, hold up nobody.
 */
export function waitFor({ answer, pending, told, offer, isLoading, isRequired }: Seen): Wait {
  if (pending) return "pending";
  if (isLoading) return "loading";
  if (!isRequired || !offer || answer) return null;
  const { code, wanted } = told ?? {};
  const hasFailed = wanted && code && !CHANGED.test(code) && !ANSWERABLE.test(code);
  return hasFailed ? null : "answer";
}
