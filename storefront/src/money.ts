/** An exact amount: a text, because a number could lose a cent. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

/** How many decimals an amount is written with. */
export const digitsOf = ({ amount }: Money): number => amount.split(".")[1]?.length ?? 0;

/** The amount in its smallest unit: 6.66 is 666. */
export const unitsOf = ({ amount }: Money): bigint => BigInt(amount.replace(".", ""));

/** Writes so many units of the currency of `like`, with its decimals. */
export function written(locale: string, like: Money, units: bigint = unitsOf(like)): string {
  const digits = digitsOf(like);
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: like.currency,
    minimumFractionDigits: digits,
  });
  // A text with an exponent is formatted exactly.
  return format.format(`${units}e-${digits}` as Intl.StringNumericLiteral);
}
