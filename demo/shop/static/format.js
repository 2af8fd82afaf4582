// Formatting of money and time. Amounts stay strings, which Intl formats exactly.

export function money(amount, currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(amount);
}

export function gross(price) {
  return money(price.gross.amount, price.gross.currency);
}

// The date parts of an event in its own time zone.
export function eventTime(start, timeZone) {
  const instant = new Date(start);
  const part = (options) => format(instant, { timeZone, ...options });
  return {
    day: part({ day: "numeric" }),
    month: part({ month: "short" }),
    weekday: part({ weekday: "long" }),
    date: part({ day: "numeric", month: "long", year: "numeric" }),
    time: part({ hour: "numeric", minute: "2-digit", timeZoneName: "short" }),
  };
}

export function moment(text) {
  return format(new Date(text), { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
}

export function clock(text) {
  return format(new Date(text), { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

function format(instant, options) {
  try {
    return new Intl.DateTimeFormat("en-US", options).format(instant);
  } catch {
    // An unknown time zone in the event data must not hide the event.
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" }).format(instant);
  }
}
