import { coversPorts, formatPortSpec, type PortSpec } from '../base/port-spec.ts';

/** What is said of ports that are opened and not guarded, where anything is guarded; `what` is `[access a] allows`. */
export const unguarded = (
  guard: readonly PortSpec[],
  what: string,
  ports: readonly PortSpec[],
): { readonly problem: string; readonly hint: string } | undefined => {
  const loose = guard.length > 0 ? ports.find((spec) => !coversPorts(guard, spec)) : undefined;
  return (
    loose && {
      problem: `${what} ${formatPortSpec(loose)}, which spad does not guard`,
      hint: 'add it to "guard", or another firewall must close it and let spad\'s grants pass',
    }
  );
};
