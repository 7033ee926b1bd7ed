/** What is open by commands, as it stands in their journal (docs/state-files.md): enough to close it without a configuration. */
import { formatAllowed } from '../base/allow-address.ts';
import type { PendingFormat } from '../base/pending-log.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { type UnixMs, unixMs } from '../base/units.ts';
import type { CommandCall } from './command-template.ts';
import type { Opening } from './opening.ts';

export interface OpenedCommand {
  /** {@link commandId}. */
  readonly id: string;
  /** Whether open_command has come to its end; else it may have done all of its work, a part, or nothing. */
  readonly isSure: boolean;
  /** What it was opened by: another text of open_command opens it anew. */
  readonly by: string;
  readonly close: CommandCall;
  /** As whom; undefined: as we do. */
  readonly user: string | undefined;
  /** Which start of the machine it belongs to. */
  readonly boot: string;
  readonly due: UnixMs;
}

/** `192.0.2.9 tcp/22`: openings are disjoint, so that nothing else is open under this name. */
export const commandId = (opening: Opening): string => `${formatAllowed(opening.address)} ${formatPortSpec(opening)}`;

/** Commands for one address run one after another. */
export const addressOfId = (id: string): string => id.split(' ', 1)[0] ?? '';

export const OPENED: PendingFormat<OpenedCommand> = {
  encode: ({ close: { argv, env }, isSure, ...rest }) => ({ ...rest, sure: isSure, argv, env }),
  decode: (value) => (typeof value === 'object' && value !== null ? decode({ ...value }) : undefined),
};

const decode = (value: Readonly<Record<string, unknown>>): OpenedCommand | undefined => {
  const { id, sure, by, argv, env, user, boot, due } = value;
  if (typeof id !== 'string' || typeof sure !== 'boolean' || typeof by !== 'string') return undefined;
  if (typeof boot !== 'string' || typeof due !== 'number' || !Number.isFinite(due)) return undefined;
  if (user !== undefined && typeof user !== 'string') return undefined;
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((word) => typeof word === 'string')) return undefined;
  if (typeof env !== 'object' || env === null) return undefined;
  const variables = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { id, isSure: sure, by, close: { argv, env: Object.fromEntries(variables) }, user, boot, due: unixMs(due) };
};
