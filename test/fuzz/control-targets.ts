/** The decoders of the control socket, and what the host says of its connections. */
import { connectionKey, parseSockets, parseSshConnection } from '../../src/control/connection.ts';
import { type ControlRequest, decodeRequest, encodeRequest } from '../../src/control/request.ts';
import { decodeResponse, readGrantList } from '../../src/control/response.ts';
import { grantTable } from '../../src/control/grant-table.ts';
import { ip, portOf } from '../unit/values.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

const connection = {
  client: ip('10.0.0.1'),
  clientPort: portOf(50_000),
  server: ip('10.0.0.2'),
  serverPort: portOf(22),
};

const REQUESTS: readonly ControlRequest[] = [
  { command: 'grants' },
  { command: 'tail', last: 1000 },
  { command: 'watch' },
  { command: 'confirm', proof: { kind: 'console' } },
  { command: 'confirm', proof: { kind: 'connection', connection, ways: [portOf(22), portOf(2222)] } },
];

const GRANT =
  '{"id":"g1","stanza":"alice","address":"192.0.2.9","ports":["tcp/22"],"until":"2026-11-20T14:13:58Z","left":3}';
const RESPONSES = [
  '{"error":"no"}',
  `{"ok":{"via":"nftables","firewall":{"kind":"fault","detail":"x"},"trialUntil":"2026","grants":[${GRANT}]}}`,
];

/** proc(5), from a machine. */
const SOCKETS = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0200000A:0016 0100000A:C350 01 00000000:00000000 02:000A7D7C 00000000     0        0 4712 2 0000000000000000 20 4 29 10 -1
   2: 0000000000000000FFFF00000200000A:0016 0000000000000000FFFF00000100000A:C351 06 00000000:00000000 03:00000F2E 00000000     0        0 0 3 0000000000000000
`;

const request = (input: Uint8Array): string | undefined => {
  const read = decodeRequest(textOf(input));
  if (!read.ok) return /^[^\n]{10,200}$/.test(read.error) ? undefined : 'a refusal that is no sentence';
  const line = encodeRequest(read.value);
  const again = decodeRequest(line);
  return again.ok && encodeRequest(again.value) === line ? undefined : `${line} reads as another request`;
};

const response = (input: Uint8Array): string | undefined => {
  const read = decodeResponse(textOf(input));
  const list = read.ok ? readGrantList(read.value) : undefined;
  if (list === undefined) return undefined;
  return grantTable(list.grants).every((line) => !/\p{Cc}/u.test(line)) ? undefined : 'a table with control characters';
};

const sockets = (input: Uint8Array): string | undefined => {
  const { established, passing, listening } = parseSockets(textOf(input));
  const lengths = [...established, ...passing].map(({ client, server }) => client.bytes.length + server.bytes.length);
  if (lengths.some((length) => length > 32)) return 'an address that is too long';
  return listening.every(({ port }) => port > 0 && port < 65_536) ? undefined : 'a port that is none';
};

const session = (input: Uint8Array): string | undefined => {
  const read = parseSshConnection(textOf(input));
  if (read === undefined) return undefined;
  const again = parseSshConnection(connectionKey(read));
  return again !== undefined && connectionKey(again) === connectionKey(read) ? undefined : 'it reads as another one';
};

export const controlTargets = [
  { name: 'control-request', seeds: REQUESTS.map((one) => ascii(encodeRequest(one))), run: request },
  { name: 'control-response', seeds: RESPONSES.map(ascii), run: response },
  { name: 'sockets', seeds: [ascii(SOCKETS)], run: sockets },
  {
    name: 'ssh-connection',
    seeds: [ascii('10.0.0.1 50000 10.0.0.2 22'), ascii('fe80::1%eth0 50000 fd00::2 22')],
    run: session,
  },
];
