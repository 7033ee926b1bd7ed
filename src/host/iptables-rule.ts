/** One rule as iptables-save writes it (iptables-extensions(8)). */
import { addressBits, type Family, parseAddress } from '../base/address.ts';
import { own } from '../base/own.ts';
import { numberOf, TCP_FLAGS } from './packet.ts';
import { type Field, match, type Part, PROTOCOL_NUMBERS, span, type Step, verdict, word } from './ruleset.ts';

/** The words of a rule: quotes hold some together, and a backslash takes the next letter as it is. */
export const splitWords = (text: string): readonly string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );

/** `text` without `-A CHAIN`. */
export const readIptablesRule = (text: string, family: Family): readonly Step[] => {
  const words = [...splitWords(text)];
  const steps: Step[] = [];
  while (words.length > 0) {
    const negated = words[0] === '!';
    if (negated) words.shift();
    const option = words.shift() ?? '';
    if (option === '-j' || option === '-g') {
      steps.push(...readTarget(option, words.splice(0), family));
      break;
    }
    steps.push(...readOption(option, words, negated));
  }
  return steps;
};

/** Those that take one word and are one match. */
const SIMPLE: Readonly<Record<string, readonly [field: Field, read: (text: string) => readonly Part[]]>> = {
  '-i': ['iif', (text) => [word(text.replace(/\+$/, '*'))]],
  '-o': ['oif', (text) => [word(text.replace(/\+$/, '*'))]],
  '-s': ['saddr', (text) => [addressPart(text)]],
  '-d': ['daddr', (text) => [addressPart(text)]],
  '--src-range': ['saddr', (text) => [rangePart(text)]],
  '--dst-range': ['daddr', (text) => [rangePart(text)]],
  '--dport': ['dport', (text) => ports(text)],
  '--dports': ['dport', (text) => ports(text)],
  '--sport': ['sport', (text) => ports(text)],
  '--sports': ['sport', (text) => ports(text)],
  '--ctstate': ['ct-state', (text) => states(text)],
  '--state': ['ct-state', (text) => states(text)],
  '--ctstatus': ['ct-status', (text) => text.split(',').map((status) => word(status.toLowerCase()))],
  '--dst-type': ['daddr-type', (text) => states(text)],
  '--src-type': ['saddr-type', (text) => states(text)],
  '--pkt-type': ['packet-type', (text) => states(text === 'unicast' ? 'host' : text)],
  '--ctorigdstport': ['origin-dport', (text) => ports(text)],
};

const readOption = (option: string, words: string[], negated: boolean): readonly Step[] => {
  const simple = own(SIMPLE, option);
  if (simple !== undefined) return [match(simple[0], simple[1](words.shift() ?? ''), negated)];
  switch (option) {
    case '-p':
      return [match('protocol', [protocolPart(words.shift() ?? '')], negated)];
    case '-m':
      return readModule(words);
    case '--tcp-flags': {
      const [mask, set] = [flags(words.shift() ?? ''), flags(words.shift() ?? '')];
      return [{ do: 'match', fields: ['tcp-flags'], mask, negated, elements: [[span(set)]] }];
    }
    case '--mark':
      return [markMatch(words.shift() ?? '', negated)];
    case '-f':
      // The packets that are walked are whole.
      return negated ? [] : [match('family', [])];
    case '--limit-iface-in':
    case '--limit-iface-out':
      return [];
    default:
      skipValues(words);
      return [{ do: 'doubt', what: option }];
  }
};

/** Modules whose options are read here one by one, or which have none that matter. */
const READ_MODULES = ['tcp', 'udp', 'multiport', 'conntrack', 'state', 'addrtype', 'iprange', 'pkttype', 'mark'];

const readModule = (words: string[]): readonly Step[] => {
  const name = words.shift() ?? '';
  if (READ_MODULES.includes(name)) return [];
  const isOther = ['icmp', 'icmp6', 'sctp', 'dccp', 'esp', 'ah', 'hl', 'frag', 'rt'].includes(name);
  // The options of any other module come before the next one.
  const end = words.findIndex((text) => text === '-m' || text === '-j' || text === '-g');
  const options = words.splice(0, end < 0 ? words.length : end);
  if (name === 'comment') return [];
  // Whatever comes from where the answer would go passes; the packets that are walked do.
  if (name === 'rpfilter') return options.includes('--invert') ? [match('family', [])] : [];
  if (isOther && name !== 'hl') return [match('family', [])];
  return [{ do: 'doubt', what: `-m ${name}` }];
};

const skipValues = (words: string[]): void => {
  while (words.length > 0 && words[0]?.startsWith('-') === false && words[0] !== '!') words.shift();
};

/** Targets after which the next rule is looked at, and which change nothing here. */
const HARMLESS = [
  ...['LOG', 'NFLOG', 'ULOG', 'CONNMARK', 'TCPMSS', 'TOS', 'DSCP', 'TTL', 'HL', 'CHECKSUM', 'SET', 'CLASSIFY', 'TRACE'],
  ...['AUDIT', 'IDLETIMER', 'RATEEST', 'SECMARK', 'CONNSECMARK', 'TEE', 'LED', 'ECN', 'TCPOPTSTRIP'],
];

const readTarget = (option: '-j' | '-g', [name = '', ...options]: readonly string[], family: Family): Step[] => {
  if (option === '-g') return [{ do: 'verdict', verdict: { kind: 'goto', chain: name } }];
  if (HARMLESS.includes(name)) return [];
  switch (name) {
    case 'ACCEPT':
      return [verdict('accept')];
    case 'DROP':
      return [verdict('drop')];
    case 'RETURN':
      return [verdict('return')];
    case 'REJECT':
      return [verdict('reject')];
    case 'NOTRACK':
      return [{ do: 'notrack' }];
    case 'CT':
      return options.includes('--notrack') ? [{ do: 'notrack' }] : [];
    case 'MARK':
      return [{ do: 'mark', value: wholeMark(options) }];
    case 'DNAT':
      return [{ do: 'nat', ...destination(after(options, '--to-destination'), family) }];
    case 'REDIRECT':
      return [{ do: 'nat', address: 'here', port: onePort(after(options, '--to-ports')) }];
    case 'SNAT':
    case 'MASQUERADE':
      return [verdict('accept')];
    case 'NFQUEUE':
    case 'QUEUE':
    case 'TPROXY':
    case 'SYNPROXY':
    case 'NETMAP':
    case 'CLUSTERIP':
      return [{ do: 'verdict', verdict: { kind: 'unsure', what: name } }];
    default:
      return [{ do: 'verdict', verdict: { kind: 'jump', chain: name } }];
  }
};

const after = (options: readonly string[], name: string): string | undefined => {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
};

const DOUBT: Part = { kind: 'doubt' };

const protocolPart = (text: string): Part => {
  const number = /^[0-9]+$/.test(text) ? Number(text) : own(PROTOCOL_NUMBERS, text);
  return number === undefined ? DOUBT : number === 0 ? span(0, 255) : span(number);
};

/** `ADDRESS`, `ADDRESS/BITS` or `ADDRESS/MASK`. */
const addressPart = (text: string): Part => {
  const [host = '', tail] = text.split('/');
  const address = parseAddress(host);
  if (address === undefined) return DOUBT;
  const bits = addressBits(address.family);
  const length = tail === undefined ? bits : /^[0-9]+$/.test(tail) ? Number(tail) : maskLength(tail);
  if (length === undefined || length > bits) return DOUBT;
  const from = numberOf(address);
  return span(from, from + (1n << BigInt(bits - length)) - 1n);
};

const maskLength = (text: string): number | undefined => {
  const mask = parseAddress(text);
  const digits = mask && [...mask.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return digits === undefined || /01/.test(digits) ? undefined : digits.replace(/0/g, '').length;
};

const rangePart = (text: string): Part => {
  const [from, to] = text.split('-').map(parseAddress);
  return from === undefined || to === undefined ? DOUBT : span(numberOf(from), numberOf(to));
};

/** `22,80,1000:1010`; an end left out is the last or first port. */
const ports = (text: string): readonly Part[] =>
  text.split(',').map((item) => {
    const [, from = '', colon, to = ''] = /^([0-9]*)(?:(:)([0-9]*))?$/.exec(item) ?? [];
    if (from === '' && colon === undefined) return DOUBT;
    const last = colon === undefined ? from : to;
    return span(BigInt(from), last === '' ? 65_535 : BigInt(last));
  });

/** The states SNAT and DNAT stand beside the others: a packet can be in one of them and new. */
const states = (text: string): readonly Part[] =>
  text.split(',').map((state) => (state === 'DNAT' || state === 'SNAT' ? DOUBT : word(state.toLowerCase())));

const flags = (text: string): bigint =>
  text === 'NONE'
    ? 0n
    : text
        .split(',')
        .reduce((bits, name) => bits | (name === 'ALL' ? 63n : (own(TCP_FLAGS, name.toLowerCase()) ?? 0n)), 0n);

/** `VALUE` or `VALUE/MASK` */
const MARK = /^(0x[0-9a-f]+|[0-9]+)(?:\/(0x[0-9a-f]+|[0-9]+))?$/i;

const markMatch = (text: string, negated: boolean): Step => {
  const [, value, mask] = MARK.exec(text) ?? [];
  if (value === undefined) return { do: 'doubt', what: '--mark' };
  const elements = [[span(BigInt(value))]];
  return { do: 'match', fields: ['mark'], negated, elements, ...(mask === undefined ? {} : { mask: BigInt(mask) }) };
};

/** What a mark becomes where no bit of the old one is kept. */
const wholeMark = (options: readonly string[]): bigint | undefined => {
  const [, value, mask] = MARK.exec(after(options, '--set-xmark') ?? '') ?? [];
  return value !== undefined && (mask === undefined || Number(mask) === 0xffff_ffff) ? BigInt(value) : undefined;
};

type Destination = Omit<Extract<Step, { do: 'nat' }>, 'do'>;

/** `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `:PORT`; of several addresses or ports it is not known which. */
const destination = (text: string | undefined, family: Family): Destination => {
  const [, plain, port] = /^([^:]*)(?::(.*))?$/.exec(text ?? '') ?? [];
  const [, bracketed, port6] = /^\[([^\]]*)\](?::(.*))?$/.exec(text ?? '') ?? [];
  const host = family === 4 ? plain : (bracketed ?? text);
  const address = host === undefined || host === '' ? undefined : (parseAddress(host) ?? 'unsure');
  return { address, port: onePort(family === 4 ? port : port6) };
};

const onePort = (text: string | undefined): number | 'unsure' | undefined =>
  text === undefined ? undefined : /^[0-9]+$/.test(text) ? Number(text) : 'unsure';
