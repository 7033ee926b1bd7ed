/** How a grant ends, beside its time. */
export interface GrantTerms {
  /** It goes on for as long as an established connection uses it. */
  readonly whileConnected: boolean;
  /** Its established connections end with it. */
  readonly dropOnExpiry: boolean;
}

/** A grant ends at its time, and what is connected then stays. */
export const PLAIN_TERMS: GrantTerms = { whileConnected: false, dropOnExpiry: false };
