/** What this process may do, by capabilities(7). */
import { readFileSync } from 'node:fs';

/** include/uapi/linux/capability.h */
const NUMBERS = { CAP_NET_ADMIN: 12n } as const;

/** Whether the process has the capability now, be it root or not. Where it cannot be told, it may have. */
export const hasCapability = (name: keyof typeof NUMBERS): boolean => {
  try {
    const effective = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return effective === undefined || (BigInt(`0x${effective}`) & (1n << NUMBERS[name])) !== 0n;
  } catch {
    return true;
  }
};
