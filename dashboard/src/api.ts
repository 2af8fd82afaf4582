import type { TypedDocumentString } from "./gql/graphql";

/** A refusal of the API, with the sentence it gave for it. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** `UNAUTHENTICATED`, an `InsuranceDecisionCode`, or empty. */
    readonly code = "",
  ) {
    super(message);
  }

  get isSignedOut(): boolean {
    return this.code === "UNAUTHENTICATED";
  }
}

interface Answer<Result> {
  data?: Result | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/**
 * The folder all pages of the desk are in, such as `https://shop/plugins/…/desk/`. Its own page may
 * lack the slash: the dashboard drops it.
 */
export function deskAddress(page: string): URL {
  const address = new URL(page);
  return new URL(address.pathname.replace(/^(.*\/desk)(\/.*)?$/, "$1/"), address);
}

/** Sends one operation with a token and returns its data. Throws `ApiError`. */
export async function send<Result, Variables>(
  token: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  let response: Response;
  try {
    response = await fetch(new URL("graphql", deskAddress(window.location.href)), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: document.toString(), variables }),
      credentials: "omit",
    });
  } catch {
    throw new ApiError("The store did not answer. Look at the connection, then try again.");
  }
  return read<Result>(response);
}

async function read<Result>(response: Response): Promise<Result> {
  let answer: Answer<Result>;
  try {
    answer = (await response.json()) as Answer<Result>;
  } catch {
    throw new ApiError(`The store answered with an error (HTTP ${response.status}). Try again.`);
  }
  const error = answer.errors?.[0];
  if (error || !answer.data) {
    throw new ApiError(error?.message ?? "The store gave no answer.", error?.extensions?.code);
  }
  return answer.data;
}

/** The part of a result that has its own list of errors. Throws its first one. */
export function unwrapped<Part extends { errors: { code: string; message: string }[] }>(
  part: Part,
): Part {
  const refused = part.errors[0];
  if (refused) throw new ApiError(refused.message, refused.code);
  return part;
}
