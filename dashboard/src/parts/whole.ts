import type { InsuranceCoverStatus } from "../gql/graphql";

interface Parts {
  cover?: { status?: InsuranceCoverStatus | null } | null;
  cases?: { cover?: { status?: InsuranceCoverStatus | null } | null }[] | null;
}

const MAX_READS = 3;

/**
 * Reads an order until its cover and its cases agree. The store reads the cases after the cover,
 * and may have cancelled the policy in between.
 */
export async function readWhole<Order extends Parts>(
  read: () => Promise<Order | null>,
): Promise<Order | null> {
  let found = await read();
  for (let reads = 1; found && !isWhole(found) && reads < MAX_READS; reads++) found = await read();
  return found;
}

function isWhole({ cover, cases }: Parts): boolean {
  return (cases ?? []).every((row) => !row.cover || row.cover.status === cover?.status);
}
