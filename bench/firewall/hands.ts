/**
 * Runs in the namespace whose firewall is measured: `node hands.js SETTINGS SIZE ROUNDS SPAN AFTER HOST`. Makes SIZE grants of the
 * back-end's, each for an address of its own, then opens, extends and closes one more, ROUNDS times or until the time is
 * up, and prints the milliseconds of each as JSON ({@link HandsResult}). SPAN is how many ports a grant
 * has. AFTER is `flush`, or `keep` to leave it all there; HOST is an address of this host, whose neighbour .1 has a grant too.
 */
import { parseAddress } from '../../src/base/address.ts';
import { type Port, port, steadyMs } from '../../src/base/units.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import { readClock } from '../../server/clock.ts';
import { type FirewallSettings, openFirewall } from '../../server/firewall/select.ts';

export interface HandsResult {
  /** Making all that is there before, at once. */
  readonly fill: number;
  readonly open: readonly number[];
  readonly extend: readonly number[];
  readonly close: readonly number[];
}

/** No back-end is waited for any longer: what it has shown by then is its figure. */
const PATIENCE_MS = 20_000;
const HOUR_MS = 3_600_000;
const SILENT = {
  info: () => undefined,
  warn: () => undefined,
  error: (text: string) => process.stderr.write(`${text}\n`),
};

const [settings = '', size = '0', rounds = '1', span = '1', after = 'flush', host = ''] = process.argv.slice(2);

const numbered = (number: number): string => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;

function opening(client: string, ends: number): Opening {
  const address = parseAddress(client);
  if (address === undefined) throw new Error(`"${client}" is no address`);
  return { address, protocol: 'tcp', first: portOf(22), last: portOf(21 + Number(span)), ends: steadyMs(ends) };
}

function portOf(number: number): Port {
  const value = port(number);
  if (value === undefined) throw new Error(`no port ${number}`);
  return value;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

const firewall = openFirewall(JSON.parse(settings) as FirewallSettings, readClock, SILENT);
const end = readClock().steady + HOUR_MS;
const clients = Array.from({ length: Number(size) }, (_, index) => numbered(index + 1));
if (host !== '') clients[clients.length - 1] = host.replace(/\d+$/, '1');
const there = clients.map((client, index) => opening(client, end + index));
const guard = [{ protocol: 'tcp', first: portOf(22), last: portOf(21 + Number(span)) }] as const;
const fill = await timed(() => firewall.synchronize({ guard, guardEnds: undefined, forwards: false, openings: there }));
const times = { open: [] as number[], extend: [] as number[], close: [] as number[] };
const deadline = performance.now() + PATIENCE_MS;
for (let round = 0; round < Number(rounds) && performance.now() < deadline; round++) {
  const one = opening(numbered(Number(size) + 1 + round), end + HOUR_MS);
  const later = { ...one, ends: steadyMs(one.ends + 1000) };
  times.open.push(await timed(() => firewall.apply([{ close: [], open: [one] }])));
  times.extend.push(await timed(() => firewall.apply([{ close: [], open: [later] }])));
  times.close.push(await timed(() => firewall.apply([{ close: [later], open: [] }])));
}
if (after === 'flush') await firewall.flush();
process.stdout.write(`${JSON.stringify({ fill, ...times } satisfies HandsResult)}\n`, () => process.exit(0));
