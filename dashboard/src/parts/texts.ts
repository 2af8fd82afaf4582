export interface Amount {
  amount: string;
  currency: string;
}

/** An amount as the API writes it: exact, with all decimals of its currency. */
export function moneyText(money: Amount | null | undefined): string {
  return money ? `${money.amount} ${money.currency}` : "";
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time in the time zone of who looks. */
export function whenText(moment: string | null | undefined): string {
  return moment ? MOMENT.format(new Date(moment)) : "";
}

/** The time zone of who looks, such as `Europe/Berlin`. */
export function timeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago something was, in the largest unit of which there is one, or "just now". */
export function agoText(moment: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - new Date(moment).getTime()) / 1000);
  const found = STEPS.find(([, step]) => seconds >= step);
  if (!found) return "just now";
  const [unit, size] = found;
  return new Intl.RelativeTimeFormat("en").format(-Math.floor(seconds / size), unit);
}

/** `CANCELLED_LATE` as words: `cancelled late`. */
export function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

/** A number with its noun. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A share from 0 to 1 as a percentage. */
export function percentText(share: string | null | undefined): string {
  return share ? `${(Number(share) * 100).toFixed(1)} %` : "";
}
