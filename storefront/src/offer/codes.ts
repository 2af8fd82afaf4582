/** What the codes of problems mean for an element; docs/errors.md has them all. */

/** There is another offer: it is shown, and is to be answered again. */
export const CHANGED = /check_f|stale|expired|changed|quote|chosen|country_differs/;
/** Asking again may help, at once. */
export const FAILED = /unreachable|internal|bad_request|checkout|xcover_un/;
/** An answer may hold all the same. */
export const UNSURE = /unreachable|offline|internal|payment_started/;
/** The price is not there yet; it comes by itself. */
export const WAITING = /pending|requests/;
/** The shopper can answer, by completing the details or by saying no. */
export const ANSWERABLE = /(holder|insured)_incomplete|country_missing/;
