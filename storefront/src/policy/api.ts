import type { Money } from "../money";
import { type Address, argumentsOf, ask, type Problem, silence } from "../plugin";

/** Addresses that open the policy without a login; only its buyer and staff get them. */
export type Links = Readonly<
  Partial<Record<"certificate" | "certificatePdf" | "account" | "insuranceClaim", string | null>>
>;

export interface Cover {
  /** Null: one of a newer version of the plugin. */
  readonly status: string | null;
  readonly policyNumber: string | null;
  readonly pdsUrl: string | null;
  readonly premium: Money;
  readonly products: readonly { readonly title: string; readonly premium: Money }[];
  readonly amountDueBack: Money;
  readonly links: Links | null;
}

/** What the plugin said: a cover, null for an order without one, or a problem. */
export interface Seen {
  readonly cover?: Cover | null | undefined;
  readonly error?: Problem | undefined;
}

const COVER_FIELDS = `{
  cover {
    status policyNumber pdsUrl
    premium { amount currency } products { title premium { amount currency } }
    amountDueBack { amount currency }
    links { certificate certificatePdf account insuranceClaim }
  }
  errors { code message fields }
}`.replace(/\s+/g, " ");

/** Asks what became of the protection of an order; `token` is of the customer who is logged in. */
export async function askCover(address: Address, order: string, token?: string): Promise<Seen> {
  const query = `query { insuranceCover(${argumentsOf({ orderToken: order })}) ${COVER_FIELDS} }`;
  try {
    const { cover, errors } = await ask<{ cover: Cover | null; errors: Problem[] }>(
      address,
      query,
      token,
    );
    const [error] = errors;
    if (error) return { error: { ...error, code: error.code.toLowerCase() } };
    return { cover };
  } catch {
    return { error: silence() };
  }
}
