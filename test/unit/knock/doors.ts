/** Doors and knocks for tests, each with only what matters said. */
import { parseAddress, type IpAddress } from '../../../src/base/address.ts';
import { addressKey, formatKey } from '../../../src/base/address-key.ts';
import { unixMs } from '../../../src/base/units.ts';
import { parseKnockdConf } from '../../../src/config/knockd-conf.ts';
import type { KnockEvent } from '../../../src/knock/attempts.ts';
import { type Door, TCP_FLAG_BITS } from '../../../src/knock/door.ts';
import type { Knock } from '../../../src/knock/knock.ts';
import { parseSequence } from '../../../src/knock/sequence.ts';

export const address = (text: string): IpAddress => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};

export const SERVER = '10.99.0.1';
export const SERVER6 = 'fd99::1';
export const LOCAL = [address(SERVER), address(SERVER6)];

/** The doors of a knockd.conf. */
export const doorsOf = (text: string): readonly Door[] => {
  const conf = parseKnockdConf(text, 'knockd.conf');
  if (!conf.ok) throw new Error(conf.error.message);
  return conf.value.doors;
};

export interface KnockText {
  readonly from?: string;
  readonly to?: string;
  readonly at?: number;
  readonly flags?: number;
}

/** `7000` or `7000:udp`, as a SYN from 10.99.0.2 at second 1000 unless told. */
export const knock = (port: string, { from = '10.99.0.2', to = SERVER, at = 1000, flags }: KnockText = {}): Knock => {
  const steps = parseSequence(port, '');
  const step = steps.ok ? steps.value[0] : undefined;
  if (step === undefined) throw new Error(`${port} is no knock`);
  return {
    ...step,
    time: unixMs(at * 1000),
    source: addressKey(address(from)),
    destination: addressKey(address(to)),
    sourcePort: 40_000,
    tcpFlags: step.protocol === 'udp' ? 0 : (flags ?? TCP_FLAG_BITS.syn),
    length: 74,
  };
};

/** The events that knockd has log lines for: `A 1`, `A open`, `A late 2`. */
export const say = (doors: readonly Door[], events: readonly KnockEvent[]): string[] =>
  events.flatMap((event) => {
    if (event.kind === 'removed' || event.kind === 'flags-ignored') return [];
    const name = doors[event.door]?.name ?? '?';
    if (event.kind === 'open') return [`${name} open ${formatKey(event.source)}`];
    return [event.kind === 'stage' ? `${name} ${event.stage}` : `${name} late ${event.stage}`];
  });
