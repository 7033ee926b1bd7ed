/**
 * What is asked of a running daemon, through the socket `control.sock` (docs/state-files.md): one line of JSON. A new command
 * is one more member of {@link ControlRequest}, its decoder in `DECODERS`, and a handler in server/control/desk.ts.
 */
import { formatAddress, parseAddress } from '../base/address.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Port, port } from '../base/units.ts';
import type { Connection } from './connection.ts';

/** A request or a response is at most so many bytes long, its newline not counted. */
export const MAX_REQUEST = 4096;

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

export type ControlRequest =
  | { readonly command: 'grants' }
  | { readonly command: 'status' }
  /** The guard, which is on trial, is to stay. */
  | { readonly command: 'confirm'; readonly proof: Proof };

export type ControlCommand = ControlRequest['command'];

type Fields = Readonly<Record<string, unknown>>;

/** One line without its newline. */
export const encodeRequest = (request: ControlRequest): string => {
  if (request.command !== 'confirm' || request.proof.kind === 'console') {
    return JSON.stringify({ command: request.command, ...(request.command === 'confirm' ? { console: true } : {}) });
  }
  const { connection, ways } = request.proof;
  const { client, clientPort, server, serverPort } = connection;
  const ends = { client: formatAddress(client), clientPort, server: formatAddress(server), serverPort };
  return JSON.stringify({ command: request.command, ...ends, ways });
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

const DECODERS: Readonly<Record<ControlCommand, (fields: Fields) => Result<ControlRequest, string>>> = {
  grants: () => ok({ command: 'grants' }),
  status: () => ok({ command: 'status' }),
  confirm: decodeConfirm,
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
