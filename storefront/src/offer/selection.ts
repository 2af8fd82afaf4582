import { unitsOf } from "../money";
import type { Group, Offer } from "./api";

/** The groups of which something can be chosen. */
const openGroups = ({ groups }: Offer): Group[] => groups.filter(({ isDisabled }) => !isDisabled);

/** The one quote that can be bought, where it is one: then a yes needs no further choice. */
export function onlyQuoteId(offer: Offer): string | undefined {
  const [id, another] = openGroups(offer).flatMap(({ quoteIds }) => quoteIds);
  return another ? undefined : id;
}

/** Whether a group of alternatives can be left out while another is taken. */
export function mayBeNone(offer: Offer, { choice, minSelect }: Group): boolean {
  return choice === "ALTERNATIVES" && !minSelect && openGroups(offer).length > 1;
}

/** What keeps a yes to `chosen` from being allowed: a group, `"nothing"` chosen, or nothing. */
export function obstacle(offer: Offer, chosen: readonly string[]): Group | "nothing" | undefined {
  for (const group of offer.groups) {
    const count = group.quoteIds.filter((id) => chosen.includes(id)).length;
    if (count > group.maxSelect || count < group.minSelect) return group;
  }
  return chosen.length ? undefined : "nothing";
}

/** How many of a group are too many. */
export function isTooMany({ quoteIds, maxSelect }: Group, chosen: readonly string[]): boolean {
  return quoteIds.filter((id) => chosen.includes(id)).length > maxSelect;
}

/** How many may be chosen of a group, as it is said: `1`, or `1–2`. */
export function rangeOf({ minSelect, maxSelect }: Group): string {
  return minSelect < maxSelect && maxSelect > 1 ? `${minSelect}–${maxSelect}` : `${maxSelect}`;
}

/** The price of the chosen quotes in the smallest unit; no amount becomes a float. */
export function sumOf({ quotes }: Offer, chosen: readonly string[]): bigint {
  return quotes
    .filter(({ id }) => chosen.includes(id))
    .reduce((sum, { premium }) => sum + unitsOf(premium), 0n);
}

/** Whether two choices are the same, in whatever order. */
export function isSame(one: readonly string[], other: readonly string[]): boolean {
  return `${[...one].sort()}` === `${[...other].sort()}`;
}
