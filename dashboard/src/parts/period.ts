/** Whole UTC days, both ends included, written as `2026-11-30`. */
export interface Period {
  preset: string;
  first: string;
  last: string;
}

export const PRESETS = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "own", label: "Other days" },
];

const KEY = "xcover-desk-period";
const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The period of a preset, which ends today; for other days the present one. */
export function periodOf(preset: string, present: Period, now: Date): Period {
  const days = Number(preset);
  if (!days) return { ...present, preset: "own" };
  const first = new Date(now.getTime() - (days - 1) * DAY_MS);
  return { preset, first: dayOf(first), last: dayOf(now) };
}

/** Keeps the period for the next time, where the browser allows it. */
export function remember(period: Period): void {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(period));
  } catch {
    // A browser that keeps nothing shows 30 days each time.
  }
}

/** The period of the last time; a preset ends today. */
export function remembered(now: Date): Period {
  const usual = periodOf("30", { preset: "30", first: "", last: "" }, now);
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? "null");
    return isPeriod(kept) ? periodOf(kept.preset, kept, now) : usual;
  } catch {
    return usual;
  }
}

function isPeriod(kept: unknown): kept is Period {
  if (typeof kept !== "object" || kept === null) return false;
  const { preset, first, last } = kept as Record<string, unknown>;
  const isDay = (text: unknown) => typeof text === "string" && DAY.test(text);
  return PRESETS.some(({ value }) => value === preset) && isDay(first) && isDay(last);
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
