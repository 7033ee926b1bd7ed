/** The keys about how a grant ends, the same wherever something opens ports. */
import type { GrantTerms } from '../access/terms.ts';
import { optional, type ValuesOf, yesNo } from './directive.ts';

export const termsDirectives = {
  while_connected: optional(
    yesNo,
    false,
    'yes: a grant goes on for as long as an established connection uses it, and closes soon after (docs/grants.md)',
  ),
  drop_on_expiry: optional(
    yesNo,
    false,
    'yes: when a grant ends its established connections are cut; with firewall = nftables (docs/grants.md)',
  ),
} as const;

export const termsOf = (values: ValuesOf<typeof termsDirectives>): GrantTerms => ({
  whileConnected: values.while_connected,
  dropOnExpiry: values.drop_on_expiry,
});
