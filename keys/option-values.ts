/** Readers of option values; what they throw is told by commander, with the option's name before it. */
import { InvalidArgumentError } from 'commander';
import type { PortSpec } from '../src/base/port-spec.ts';
import { parseDuration, parsePort, type Port, type Seconds, type UnixMs, unixMs } from '../src/base/units.ts';
import { expiry, ports } from '../src/config/values.ts';
import { isPlainHost } from '../src/invite/body.ts';
import { isServerName } from '../src/spa/native/keys.ts';

export const readNumber =
  (most: number) =>
  (text: string): number => {
    if (/^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`Write a number from 1 to ${String(most)}.`);
  };

export const readDuration = (text: string): Seconds => {
  const value = parseDuration(text);
  if (value === undefined || value === 0) throw new InvalidArgumentError('Write a time such as 90s, 10m or 1h.');
  return value;
};

export const readHost = (text: string): string => {
  if (isPlainHost(text)) return text;
  throw new InvalidArgumentError("Write a host's name or address.");
};

export const readServerName = (text: string): string => {
  if (isServerName(text)) return text;
  throw new InvalidArgumentError('Write a name of 1 to 64 bytes.');
};

export const readPort = (text: string): Port => {
  const port = parsePort(text);
  if (port === undefined) throw new InvalidArgumentError('Write a port from 1 to 65535.');
  return port;
};

export const readPorts = (text: string): readonly PortSpec[] => {
  const list = ports(text);
  if (!list.ok) throw new InvalidArgumentError(`${list.error}.`);
  if (list.value.length === 0) throw new InvalidArgumentError('Name at least one port, such as tcp/22.');
  return list.value;
};

/** A day, an instant, or how long from `now`; as spad.conf has it. */
export const readEnd =
  (now: () => UnixMs) =>
  (text: string): string => {
    const duration = parseDuration(text);
    if (duration !== undefined && duration > 0) return instantText(unixMs(now() + 1000 * duration));
    const end = expiry(text);
    if (!end.ok) throw new InvalidArgumentError(`Write how long, such as 90d, ${end.error}.`);
    if (end.value <= now()) throw new InvalidArgumentError('That is over already.');
    return text;
  };

/** `2027-12-31T18:00:00Z`, the whole second before. */
const instantText = (at: UnixMs): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
