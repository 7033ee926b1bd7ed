/**
 * A log of what is still to be done, JSON, one event a line (docs/state-files.md): what is pending, again where it has
 * changed, and at last that it is done.
 */

/** How one kind of thing is written as a JSON value, and read. */
export interface PendingFormat<T> {
  readonly encode: (pending: T) => unknown;
  /** Undefined where the value is none. */
  readonly decode: (value: unknown) => T | undefined;
}

export type PendingEvent<T> =
  /** Replaces an earlier one of the same id. */
  | { readonly kind: 'pending'; readonly stop: T }
  /** It has been done, or need not be. */
  | { readonly kind: 'done'; readonly id: string };

/** One line without its newline. */
export const encodePendingEvent = <T>(event: PendingEvent<T>, format: PendingFormat<T>): string =>
  JSON.stringify(event.kind === 'pending' ? { stop: format.encode(event.stop) } : { done: event.id });

/** What is still to be done, in the order in which it became so; and how many lines could not be read. */
export const decodePendingLog = <T extends { readonly id: string }>(
  text: string,
  format: PendingFormat<T>,
): { readonly pending: readonly T[]; readonly unreadable: number } => {
  const pending = new Map<string, T>();
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = decodeEvent(line, format);
    if (event === undefined) unreadable += 1;
    else if (event.kind === 'pending') pending.set(event.stop.id, event.stop);
    else pending.delete(event.id);
  }
  return { pending: [...pending.values()], unreadable };
};

const decodeEvent = <T>(line: string, { decode }: PendingFormat<T>): PendingEvent<T> | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('done' in value && typeof value.done === 'string') return { kind: 'done', id: value.done };
  const stop = 'stop' in value ? decode(value.stop) : undefined;
  return stop === undefined ? undefined : { kind: 'pending', stop };
};
