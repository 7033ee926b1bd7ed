/**
 * What is asked of a running daemon, through the socket `control.sock` (docs/state-files.md): one line of JSON. A new command
 * is one more member of {@link ControlRequest}, its decoder in `DECODERS`, and a handler in server/control/desk.ts.
 */
import { formatAddress, type IpAddress, parseAddress } from '../base/address.ts';
import { formatPortSpec, normalizePorts, parsePortSpec, type PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { MAX_OPEN_FOR, type Port, port, type Seconds, seconds } from '../base/units.ts';
import { isStanzaName } from '../base/stanza-name.ts';
import type { Connection } from './connection.ts';

/** A request or a response is at most so many bytes long, its newline not counted. */
export const MAX_REQUEST = 4096;

export const GRANT_TRAITS = ['id', 'stanza', 'address'] as const;

/** What somebody who confirms the guard goes by. */
export type Proof =
  | {
      readonly kind: 'connection';
      /** The connection through which the command was run. */
      readonly connection: Connection;
      /** Ports at which what let that connection in listens; empty where that cannot be told. */
      readonly ways: readonly Port[];
    }
  /** Somebody who sits at the machine says so. */
  | { readonly kind: 'console' };

/** Which grants are meant. */
export type GrantChoice =
  | { readonly kind: 'all' }
  /** Those whose id, stanza or address this is; `as` says which of these it is. */
  | { readonly kind: 'some'; readonly what: string; readonly as?: GrantTrait };

export type GrantTrait = (typeof GRANT_TRAITS)[number];

export type ControlRequest =
  | { readonly command: 'grants' }
  | { readonly command: 'status' }
  /** What `status` tells in numbers, as OpenMetrics. */
  | { readonly command: 'metrics' }
  /** What a live view shows, and no more than that. */
  | { readonly command: 'watch' }
  /** The guard, which is on trial, is to stay. */
  | { readonly command: 'confirm'; readonly proof: Proof }
  | { readonly command: 'revoke'; readonly choice: GrantChoice }
  | ({ readonly command: 'open' } & HandOpening)
  /** The configuration is to be read again. */
  | { readonly command: 'reload' }
  /** The audit lines, live; before them the last ones of before, so many at most. */
  | { readonly command: 'tail'; readonly last: number };

/** What the operator opens by hand. */
export interface HandOpening {
  /** The name that the grant bears. */
  readonly stanza: string;
  readonly address: IpAddress;
  /** Canonical and not empty. */
  readonly ports: readonly PortSpec[];
  readonly openFor: Seconds;
}

/** The name of a grant by hand where none is told. */
export const BY_HAND = 'operator';

export type ControlCommand = ControlRequest['command'];

type Fields = Readonly<Record<string, unknown>>;

/** One line without its newline. */
export const encodeRequest = (request: ControlRequest): string => {
  const { command } = request;
  switch (command) {
    case 'grants':
    case 'status':
    case 'metrics':
    case 'watch':
    case 'reload':
      return JSON.stringify({ command });
    case 'tail':
      return JSON.stringify({ command, last: request.last });
    case 'confirm':
      return JSON.stringify({ command, ...encodeProof(request.proof) });
    case 'revoke': {
      const { choice } = request;
      return JSON.stringify({
        command,
        ...(choice.kind === 'all' ? { all: true } : { what: choice.what, as: choice.as }),
      });
    }
    case 'open': {
      const { stanza, address, ports, openFor } = request;
      return JSON.stringify({
        command,
        stanza,
        address: formatAddress(address),
        ports: ports.map(formatPortSpec),
        openFor,
      });
    }
  }
};

const encodeProof = (proof: Proof): object => {
  if (proof.kind === 'console') return { console: true };
  const { client, clientPort, server, serverPort } = proof.connection;
  const ends = { client: formatAddress(client), clientPort, server: formatAddress(server), serverPort };
  return { ...ends, ways: proof.ways };
};

/** The request, or a sentence that says what is wrong with the line. */
export const decodeRequest = (line: string): Result<ControlRequest, string> => {
  const fields = parseFields(line);
  if (fields === undefined) return err('a request is one line with a JSON object');
  const { command } = fields;
  const decode = typeof command === 'string' && isCommand(command) ? DECODERS[command] : undefined;
  return decode === undefined ? err(`no such command; there are ${Object.keys(DECODERS).join(', ')}`) : decode(fields);
};

const isCommand = (word: string): word is ControlCommand => Object.hasOwn(DECODERS, word);

const decodeConfirm = (fields: Fields): Result<ControlRequest, string> => {
  if (fields['console'] === true) return ok({ command: 'confirm', proof: { kind: 'console' } });
  const [client, server] = [addressIn(fields['client']), addressIn(fields['server'])];
  const [clientPort, serverPort] = [portIn(fields['clientPort']), portIn(fields['serverPort'])];
  const { ways } = fields;
  const known = Array.isArray(ways) ? ways.map(portIn).filter((way) => way !== undefined) : [];
  if (client === undefined || clientPort === undefined || server === undefined || serverPort === undefined)
    return err('confirm takes a connection: client, clientPort, server, serverPort; or console');
  if (!Array.isArray(ways) || known.length !== ways.length) return err('confirm takes ways, a list of ports');
  const connection = { client, clientPort, server, serverPort };
  return ok({ command: 'confirm', proof: { kind: 'connection', connection, ways: known } });
};

const decodeRevoke = ({ all, what, as }: Fields): Result<ControlRequest, string> => {
  if (all === true) return ok({ command: 'revoke', choice: { kind: 'all' } });
  if (typeof what !== 'string' || what === '') return err('revoke takes what: an id, a stanza or an address; or all');
  const trait = GRANT_TRAITS.find((one) => one === as);
  if (as !== undefined && trait === undefined) return err(`revoke takes as: one of ${GRANT_TRAITS.join(', ')}`);
  return ok({ command: 'revoke', choice: { kind: 'some', what, ...(trait === undefined ? {} : { as: trait }) } });
};

const decodeOpen = (fields: Fields): Result<ControlRequest, string> => {
  const { stanza = BY_HAND, ports, openFor } = fields;
  const address = addressIn(fields['address']);
  const specs = Array.isArray(ports)
    ? ports.map((one) => (typeof one === 'string' ? parsePortSpec(one) : undefined))
    : [];
  const known = specs.filter((spec) => spec !== undefined);
  if (address === undefined) return err('open takes address, such as 192.0.2.9');
  if (known.length === 0 || known.length !== specs.length) return err('open takes ports, a list such as ["tcp/22"]');
  if (!isOpenFor(openFor)) return err('open takes openFor, whole seconds from 1 to a year');
  if (typeof stanza !== 'string' || !isStanzaName(stanza))
    return err('open takes stanza, a name of up to 64 letters, digits and . _ @ -');
  return ok({ command: 'open', stanza, address, ports: normalizePorts(known), openFor: seconds(openFor) });
};

const isOpenFor = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_OPEN_FOR;

const decodeTail = ({ last = 0 }: Fields): Result<ControlRequest, string> =>
  typeof last === 'number' && Number.isInteger(last) && last >= 0
    ? ok({ command: 'tail', last })
    : err('tail takes last, how many lines of before are wanted');

const DECODERS: Readonly<Record<ControlCommand, (fields: Fields) => Result<ControlRequest, string>>> = {
  grants: () => ok({ command: 'grants' }),
  status: () => ok({ command: 'status' }),
  metrics: () => ok({ command: 'metrics' }),
  watch: () => ok({ command: 'watch' }),
  confirm: decodeConfirm,
  revoke: decodeRevoke,
  open: decodeOpen,
  reload: () => ok({ command: 'reload' }),
  tail: decodeTail,
};

const addressIn = (value: unknown): Connection['client'] | undefined =>
  typeof value === 'string' ? parseAddress(value) : undefined;

const portIn = (value: unknown): Port | undefined => (typeof value === 'number' ? port(value) : undefined);

/** The members of the object that the text is in JSON; undefined where it is none. */
export const parseFields = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};
