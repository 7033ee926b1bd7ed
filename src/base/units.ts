/** Numbers that must not be mixed up. A plain number becomes one of these here, at the edge, and nowhere else. */
declare const unit: unique symbol;

/** Milliseconds since 1970 by the wall clock, which people and peers set and which may step. */
export type UnixMs = number & { readonly [unit]: 'UnixMs' };
/** Milliseconds by a clock that only runs forward; its origin has no meaning outside the process. */
export type SteadyMs = number & { readonly [unit]: 'SteadyMs' };
/** A length of time in whole seconds. */
export type Seconds = number & { readonly [unit]: 'Seconds' };
/** A TCP or UDP port, 1 to 65535. */
export type Port = number & { readonly [unit]: 'Port' };

/** The same instant read off both clocks: the wall clock for what is said, the steady one for what must end on time. */
export interface Moment {
  readonly wall: UnixMs;
  readonly steady: SteadyMs;
}

export const unixMs = (value: number): UnixMs => value as UnixMs;
export const steadyMs = (value: number): SteadyMs => value as SteadyMs;
export const seconds = (value: number): Seconds => value as Seconds;

/** `value` as a port, or undefined where it is not a whole number from 1 to 65535. */
export const port = (value: number): Port | undefined =>
  Number.isInteger(value) && value >= 1 && value <= 65_535 ? (value as Port) : undefined;

/** Digits only, no sign, no leading zero: the one spelling of a port that is read. */
export const parsePort = (text: string): Port | undefined =>
  /^[1-9][0-9]{0,4}$/.test(text) ? port(Number(text)) : undefined;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Reads `30`, `30s`, `5m`, `1h`, `2d` or a sum such as `1h30m`; a bare number is seconds.
 * Undefined where it is none of these or does not fit 32 bits (the width of the packet's field).
 */
export const parseDuration = (text: string): Seconds | undefined => {
  if (/^[0-9]{1,10}$/.test(text)) return fits(Number(text));
  if (!/^(?:[0-9]{1,10}[smhd])+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, letter] of text.matchAll(/([0-9]+)([smhd])/g)) {
    total += Number(count) * (UNIT_SECONDS[letter ?? 's'] ?? 1);
  }
  return fits(total);
};

const fits = (total: number): Seconds | undefined => (total <= 0xffff_ffff ? seconds(total) : undefined);

/** The inverse of {@link parseDuration} in its shortest form: `1h30m`, `45s`, `0s`. */
export const formatDuration = (duration: Seconds): string => {
  let rest: number = duration;
  let text = '';
  for (const letter of ['d', 'h', 'm', 's']) {
    const size = UNIT_SECONDS[letter] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${String(count)}${letter}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
};

/** The longest grant, in seconds. */
export const MAX_OPEN_FOR = 365 * 86_400;

/** Where SPA packets go unless told otherwise; fwknop's default too. */
export const DEFAULT_SPA_PORT = 62_201 as Port;
