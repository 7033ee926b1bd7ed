/** The interfaces of this host, their addresses, and its routes. */
import { readdirSync } from 'node:fs';
import { type Cidr, parseCidr } from '../../src/base/address.ts';
import type { HostFacts, Link } from '../../src/host/facts.ts';
import { isObject, listOf, parseJson, textAt } from '../../src/host/json.ts';
import { addressLister } from '../process/interface-addresses.ts';
import { runProgram } from '../process/run.ts';
import { attempt, readText } from './sockets.ts';

/** linux/if.h. */
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const TIMEOUT_MS = 10_000;

export const readLinks = (): readonly Link[] => {
  const addresses = attempt(() => addressLister()()) ?? [];
  return (attempt(() => readdirSync('/sys/class/net')) ?? []).flatMap((name) => {
    const flags = Number.parseInt(readText(`/sys/class/net/${name}/flags`), 16);
    if (Number.isNaN(flags)) return [];
    // An address with a label of its own (`eth0:1`) is its interface's.
    const own = addresses.filter((entry) => entry.name === name || entry.name.startsWith(`${name}:`));
    return [
      {
        ...{ name, isUp: (flags & IFF_UP) !== 0, isLoopback: (flags & IFF_LOOPBACK) !== 0 },
        addresses: own.map(({ address }) => address),
      },
    ];
  });
};

/** Those of the main table; none where the program ip is missing. */
export const readRoutes = async (): Promise<HostFacts['routes']> => {
  const found = await Promise.all(
    (['-4', '-6'] as const).map(async (family) => {
      const text = await runProgram('ip', [family, '-json', 'route', 'show'], '', TIMEOUT_MS).then(
        ({ stdout }) => stdout,
        () => '',
      );
      return listOf(parseJson(text)).flatMap((route) => {
        const [to, link] = [destinationOf(textAt(route, 'dst') ?? '', family), linkOf(route)];
        return to === undefined || link === undefined ? [] : [{ to, link }];
      });
    }),
  );
  return found.flat();
};

const destinationOf = (text: string, family: '-4' | '-6'): Cidr | undefined =>
  parseCidr(text === 'default' ? (family === '-4' ? '0.0.0.0/0' : '::/0') : text);

/** Of several ways, the first. */
const linkOf = (route: unknown): string | undefined => {
  const [way] = listOf(isObject(route) ? route['nexthops'] : undefined);
  return textAt(route, 'dev') ?? textAt(way, 'dev');
};
