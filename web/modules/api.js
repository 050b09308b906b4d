// The HTTP API, asked with the token of who has signed in.

const ANSWER_MILLISECONDS_MAX = 10_000;
const NAME = "sluice.token";

/** An answer that is not what was asked for: a problem document (RFC 9457), or no answer at all (status 0). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? (status ? `The server answered ${status}.` : "The server is away."));
    this.status = status;
    this.code = problem?.code ?? null;
  }
}

/** The token, or null. It is kept for as long as the tab is open, and goes nowhere but into a header. */
export const token = () => sessionStorage.getItem(NAME);

export function keepToken(value) {
  if (value) sessionStorage.setItem(NAME, value);
  else sessionStorage.removeItem(NAME);
}

/** Asks and gives the document of the answer, null for an empty one. Throws `Refusal`. */
export async function ask(path, { method = "GET", body = undefined } = {}) {
  const headers = {};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store",
      credentials: "omit", signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
    });
    if (response.status === 204) return null;
    const document = await response.json().catch(() => null);
    if (response.ok && document !== null) return document;
    throw new Refusal(response.status, document);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(0, null);
  }
}

/** The path of a stream in the API, and what follows it. */
export const streamPath = (id, rest = "") => `/streams/${encodeURIComponent(id)}${rest}`;
