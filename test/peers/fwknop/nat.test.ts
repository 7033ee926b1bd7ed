/** Requests that lead elsewhere: to a host behind, or to another port. */
import { OTHER_GATEWAY } from './harness/stage.ts';
import { table } from './harness/table.ts';
import { forwarding, masquerading, notForwarding, translating, withoutNames } from './scenarios/nat.ts';

const FORWARDING = [
  ['ENABLE_IPT_FORWARDING', 'Y'],
  ['ENABLE_IPT_LOCAL_NAT', 'Y'],
] as const;

table('forwarding', forwarding, { conf: FORWARDING });
table('no forwarding', notForwarding);
table('masquerading', masquerading, { conf: [...FORWARDING, ['ENABLE_IPT_SNAT', 'Y']] });
table('another source', translating, {
  conf: [...FORWARDING, ['ENABLE_IPT_SNAT', 'Y'], ['SNAT_TRANSLATE_IP', OTHER_GATEWAY]],
});
table('no names', withoutNames, { conf: [...FORWARDING, ['ENABLE_NAT_DNS', 'N']] });
