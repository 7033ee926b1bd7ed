/** The environment of every program that the bench starts. */

/**
 * Where NODE_EXTRA_CA_CERTS is set, Node 20 reads those certificates at every start: some 40 ms that are no daemon's fault.
 * The rest could turn a debugger or a profiler on.
 */
export const QUIET_ENVIRONMENT = {
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
  NODE_V8_COVERAGE: undefined,
  LC_ALL: 'C',
} as const;
