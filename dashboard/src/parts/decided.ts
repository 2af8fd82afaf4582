import { useEffect, useRef, useState } from "react";

interface Row {
  id: string;
}

/** The rows of a list that is read again and again, with those that a person decided about. */
export function useDecided<One extends Row>(fresh: readonly One[]) {
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const before = useRef<readonly One[]>([]);
  const rows = withDecided(fresh, before.current, decided);
  useEffect(() => {
    before.current = rows;
  });
  return { rows, decide: (id: string) => setDecided((ids) => new Set(ids).add(id)) };
}

/** `fresh`, and the decided rows it lacks in the places where they were `before`. */
export function withDecided<One extends Row>(
  fresh: readonly One[],
  before: readonly One[],
  decided: ReadonlySet<string>,
): One[] {
  const rows = [...fresh];
  let next = 0;
  for (const row of before) {
    const place = rows.findIndex(({ id }) => id === row.id);
    if (place >= 0) next = place + 1;
    else if (decided.has(row.id)) rows.splice(next++, 0, row);
  }
  return rows;
}
