/** Requests that lead elsewhere, asked for by the client or forced by the stanza. */
import type { Case } from '../harness/table.ts';
import type { Variables } from '../harness/fwknopd.ts';
import { GATEWAY, LOCAL_PORT, OTHER_GATEWAY } from '../harness/stage.ts';
import { cipherKey, hmacKey } from './matrix.ts';

/** @param seenAs where the host behind sees the connection come from, if that is not the client */
function nat(name: string, effect: Case['effect'], stanza: Variables, words: readonly string[], seenAs?: string): Case {
  const [cipher, mac] = [cipherKey(`nat ${name}`, 'base64'), hmacKey(`nat ${name}`, 'base64')];
  return {
    name,
    effect,
    stanza: [cipher.line, mac.line, ...stanza],
    client: [...words, '-a', 'CLIENT_IP', ...cipher.words, ...mac.words],
    ...(seenAs === undefined ? {} : { seenAs }),
  };
}

const FORWARD = ['-A', 'tcp/PORT', '-N', 'INNER_IP:INNER_PORT'];
const LOCAL = ['-A', `tcp/${LOCAL_PORT}`, '--nat-local', '--nat-port', 'PORT'];
const ACCESS = ['-A', 'tcp/PORT'];
const FORCE = ['FORCE_NAT', 'INNER_IP INNER_PORT'] as const;

/** With ENABLE_IPT_FORWARDING and ENABLE_IPT_LOCAL_NAT. */
export const forwarding: readonly Case[] = [
  nat('to the host behind', 'nat', [], FORWARD),
  nat('with a comma between host and port', 'nat', [], ['-A', 'tcp/PORT', '-N', 'INNER_IP,INNER_PORT']),
  nat('by --nat-port', 'nat', [], ['-A', 'tcp/1', '-N', 'INNER_IP:INNER_PORT', '--nat-port', 'PORT']),
  nat('the first port alone', 'nat', [], ['-A', 'tcp/PORT,tcp/1', '-N', 'INNER_IP:INNER_PORT']),
  nat('to another port of the server', 'local-nat', [], LOCAL),
  nat('OPEN_PORTS is about the outer port', 'nat', [['OPEN_PORTS', 'tcp/PORT']], FORWARD),
  nat('OPEN_PORTS with the inner port alone', 'nothing', [['OPEN_PORTS', 'tcp/INNER_PORT']], FORWARD),
  nat('to a host by its name', 'nat', [], ['-A', 'tcp/PORT', '-N', 'inner.lab:INNER_PORT']),
  nat('to a host that does not exist', 'nothing', [], ['-A', 'tcp/PORT', '-N', 'nobody.lab:INNER_PORT']),
  nat('forced', 'nat', [FORCE], ACCESS),
  {
    ...nat('forced, with FORCE_SNAT', 'nat', [FORCE, ['FORCE_SNAT', OTHER_GATEWAY]], ACCESS),
    spad: { seenAs: OTHER_GATEWAY, why: 'fwknopd passes over FORCE_SNAT without a word unless ENABLE_IPT_SNAT is set' },
  },
  {
    ...nat('forced, with FORCE_MASQUERADE', 'nat', [FORCE, ['FORCE_MASQUERADE', 'Y']], ACCESS),
    spad: { seenAs: GATEWAY, why: 'fwknopd passes over FORCE_MASQUERADE without a word unless ENABLE_IPT_SNAT is set' },
  },
  nat('forced, whatever the client asks for', 'nat', [FORCE], ['-A', 'tcp/PORT', '-N', '192.0.2.1:9']),
];

/** Without them. */
export const notForwarding: readonly Case[] = [
  nat('to the host behind', 'nothing', [], FORWARD),
  nat('to another port of the server', 'nothing', [], LOCAL),
  nat('an ordinary request', 'access', [], ACCESS),
];

/** With ENABLE_IPT_SNAT besides. */
export const masquerading: readonly Case[] = [
  nat('forced, with another source', 'nat', [FORCE, ['FORCE_SNAT', OTHER_GATEWAY]], ACCESS, OTHER_GATEWAY),
  nat('forced, with the address of the server', 'nat', [FORCE, ['FORCE_MASQUERADE', 'Y']], ACCESS, GATEWAY),
  nat('to the host behind', 'nat', [], FORWARD, GATEWAY),
  nat('an ordinary request', 'access', [], ACCESS),
];

/** With SNAT_TRANSLATE_IP besides. */
export const translating: readonly Case[] = [
  nat('to the host behind', 'nat', [], FORWARD, OTHER_GATEWAY),
  nat('forced, with another source', 'nat', [FORCE, ['FORCE_SNAT', GATEWAY]], ACCESS, GATEWAY),
  nat('an ordinary request', 'access', [], ACCESS),
];

/** With ENABLE_NAT_DNS switched off. */
export const withoutNames: readonly Case[] = [
  nat('to a host by its name', 'nothing', [], ['-A', 'tcp/PORT', '-N', 'inner.lab:INNER_PORT']),
  nat('to a host by its address', 'nat', [], FORWARD),
];
