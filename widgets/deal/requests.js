// Calls to the API: the token is asked for when needed and lives in memory only; the newest simulation wins.

const PACE_MS = 160; // about six a second
const SLOWEST_PACE_MS = 1000;

/** Why a call failed: `kind` is one of the card's empty states. */
export class CallError extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

const KINDS = { 401: "signedOut", 403: "unknownPerson", 404: "notFound", 409: "changed", 422: "refused" };

export class DealClient {
  #etag = null;
  #token = null;
  #last = null;

  constructor({ api, source, ref, getToken }) {
    this.address = `${api}/v1/deals/${encodeURIComponent(source)}/${encodeURIComponent(ref)}`;
    this.getToken = getToken;
  }

  async readEstimate(payee, signal) {
    const query = payee ? `?payee=${encodeURIComponent(payee)}` : "";
    const known = this.#last?.query === query ? this.#etag : null;
    const response = await this.#call(`/estimate${query}`, { signal, headers: known ? { "If-None-Match": known } : {} });
    if (response.status !== 304) {
      this.#last = { query, body: await response.json() };
      this.#etag = response.headers.get("ETag");
    }
    return this.#last.body;
  }

  async simulate(variation, payee, signal) {
    const query = payee ? `?payee=${encodeURIComponent(payee)}` : "";
    const response = await this.#call(`/simulations${query}`, {
      method: "POST", signal, headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ variations: [{ id: "shown", ...variation }] }),
    });
    return (await response.json()).variations[0];
  }

  async #call(path, options) {
    const response = await this.#fetch(path, options, await this.#bearer(false));
    const answered = response.status === 401 ? await this.#fetch(path, options, await this.#bearer(true)) : response;
    if (answered.ok || answered.status === 304) return answered;
    throw new CallError(KINDS[answered.status] ?? "broken");
  }

  async #bearer(isRefused) {
    if (isRefused || this.#token === null) this.#token = await this.getToken({ isRefused });
    if (!this.#token) throw new CallError("signedOut");
    return this.#token;
  }

  async #fetch(path, options, token) {
    try {
      return await fetch(this.address + path, {
        ...options, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
        headers: { ...options.headers, Authorization: `Bearer ${token}` },
      });
    } catch (error) {
      throw error.name === "AbortError" ? error : new CallError("offline");
    }
  }
}

/**
 * Runs `ask(value, signal)` for the newest value: one call in flight, an older one aborted, about six a second, and no
 * faster than the server answers, so that a moving slider is answered while it moves.
 */
export class Newest {
  #timer = null;
  #flight = null;
  #startedAt = -Infinity;
  #pace = PACE_MS;

  constructor(ask, onAnswer, onError) {
    Object.assign(this, { ask, onAnswer, onError });
  }

  push(value) {
    this.value = value;
    const wait = Math.max(0, this.#startedAt + this.#pace - performance.now());
    this.#timer ??= setTimeout(() => this.#start(), wait);
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#flight?.abort();
    this.#flight = null;
  }

  async #start() {
    this.cancel();
    const flight = new AbortController();
    this.#flight = flight;
    this.#startedAt = performance.now();
    try {
      const answer = await this.ask(this.value, flight.signal);
      this.#pace = Math.min(SLOWEST_PACE_MS, Math.max(PACE_MS, 1.2 * (performance.now() - this.#startedAt)));
      if (this.#flight === flight) this.onAnswer(answer);
    } catch (error) {
      if (error.name === "AbortError") this.#pace = Math.min(SLOWEST_PACE_MS, 1.5 * this.#pace);
      else if (this.#flight === flight) this.onError(error);
    }
  }
}
