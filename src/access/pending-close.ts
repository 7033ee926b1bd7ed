/** Close commands of command cycles that are still to be run, as they stand in their log (docs/state-files.md). */
import { formatAddress, type IpAddress, parseAddress } from '../base/address.ts';
import type { PendingFormat } from '../base/pending-log.ts';
import { formatPortSpec, parsePortSpec, type PortSpec } from '../base/port-spec.ts';
import { type UnixMs, unixMs } from '../base/units.ts';
import type { ProgramRun } from './fwknop-program.ts';

export interface PendingClose {
  /** Never used twice. */
  readonly id: string;
  /** Equal for those that are closed together and put off together. */
  readonly unit: string;
  /** What was run to open; asking for the same again runs nothing. */
  readonly opened: string;
  readonly stanza: string;
  readonly allow: IpAddress;
  readonly ports: readonly PortSpec[];
  readonly run: ProgramRun;
  /** Milliseconds; none waits longer than this from now, whatever the clock has been set to meanwhile. */
  readonly wait: number;
  readonly due: UnixMs;
}

export const CLOSES: PendingFormat<PendingClose> = {
  encode: ({ allow, ports, run, ...rest }) => ({
    ...rest,
    allow: formatAddress(allow),
    ports: ports.map(formatPortSpec),
    ...run,
  }),
  decode: (value) => (typeof value === 'object' && value !== null ? decodeClose({ ...value }) : undefined),
};

const decodeClose = (value: Readonly<Record<string, unknown>>): PendingClose | undefined => {
  const { id, unit, opened, stanza, allow, user, group, wait, due } = value;
  if (typeof id !== 'string' || typeof unit !== 'string' || typeof opened !== 'string') return undefined;
  if (typeof stanza !== 'string' || typeof allow !== 'string') return undefined;
  if (!isName(user) || !isName(group) || !isSpan(wait) || !isSpan(due)) return undefined;
  const [argv, portTexts, address] = [textsOf(value['argv']), textsOf(value['ports']), parseAddress(allow)];
  const ports = portTexts?.map(parsePortSpec) ?? [];
  const known = ports.filter((spec) => spec !== undefined);
  if (argv === undefined || argv.length === 0 || address === undefined || known.length < ports.length) return undefined;
  const run = { argv, user, group };
  return { id, unit, opened, stanza, allow: address, ports: known, run, wait, due: unixMs(due) };
};

const isName = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';

const isSpan = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one): one is string => typeof one === 'string') ? value : undefined;
