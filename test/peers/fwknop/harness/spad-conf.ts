/** access.conf and fwknopd.conf in the words of spad.conf, as a person would move from one to the other. */
import type { Variables } from './fwknopd.ts';

type Lines = readonly (readonly [string, string])[];

/** Variables of stanzas that have another name, or another form, in spad.conf. */
const TRANSLATED: Readonly<Record<string, (value: string) => Lines>> = {
  SOURCE: (value) => (value === 'ANY' ? [] : [['source', value.split(',').map(network).join(', ')]]),
  OPEN_PORTS: (value) => [['allow', value]],
  FW_ACCESS_TIMEOUT: (value) => [['open_for', value]],
  MAX_FW_TIMEOUT: (value) => [['max_open_for', value]],
  REQUIRE_SOURCE_ADDRESS: (value) => [['require_address', value === 'Y' ? 'yes' : 'no']],
  REQUIRE_SOURCE: (value) => [['require_address', value === 'Y' ? 'yes' : 'no']],
  ACCESS_EXPIRE: (value) => [['expires', day(Date.parse(`${value} UTC`) - 1)]],
  // spad.conf knows days: the last one on which the stanza holds.
  ACCESS_EXPIRE_EPOCH: (value) => {
    const end = Number(value) * 1000;
    return [['expires', day(end > Date.now() ? end : end - 86_400_000)]];
  },
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** `10.99.0.2/255.255.255.254` as `10.99.0.2/31`; spad.conf wants no bits beyond the prefix. */
function network(text: string): string {
  const [address = '', mask = '32'] = text.trim().split('/');
  const bits = (dotted: string): number => dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const length = mask.includes('.') ? bits(mask).toString(2).replace(/0+$/, '').length : Number(mask);
  const size = 2 ** (32 - length);
  const first = Math.floor(bits(address) / size) * size;
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join('.')}/${length}`;
}

/** A value as the INI file needs it: in quotes where it would otherwise be cut. */
const quoted = (value: string): string => (/\s[;#]|^["']|^\s|\s$/.test(value) ? JSON.stringify(value) : value);

const section = (name: string, lines: Lines): string =>
  `[${name}]\n${lines.map(([key, value]) => `${key} = ${quoted(value)}\n`).join('')}\n`;

/** What of fwknopd.conf belongs to each stanza in spad.conf. */
function natLines(conf: ReadonlyMap<string, string>): Lines {
  const isOn = (name: string): boolean => conf.get(name) === 'Y';
  const kinds = [
    ...(isOn('ENABLE_IPT_FORWARDING') ? ['forward'] : []),
    ...(isOn('ENABLE_IPT_LOCAL_NAT') ? ['local'] : []),
  ];
  return [
    ...(kinds.length > 0 ? [['nat', kinds.join(', ')] as const] : []),
    ...(conf.get('ENABLE_NAT_DNS') === 'N' ? [] : [['nat_names', 'yes'] as const]),
    ...(isOn('ENABLE_IPT_SNAT') ? [['forward_source', conf.get('SNAT_TRANSLATE_IP') ?? 'masquerade'] as const] : []),
  ];
}

/** What of fwknopd.conf belongs to [spad]. */
function daemonLines(conf: ReadonlyMap<string, string>): Lines {
  const isOn = (name: string): boolean => conf.get(name) === 'Y';
  const filter = conf.get('PCAP_FILTER') ?? '';
  const ports = [...filter.matchAll(/(udp|tcp|^| or )\s*(?:dst )?port(?:range)? (\d+(?:-\d+)?)/g)].flatMap(
    ([, protocol = '', port = '']) => {
      const kinds = protocol === 'udp' || protocol === 'tcp' ? [protocol] : ['udp', 'tcp'];
      return kinds.map((kind) => `${kind}/${port}`).filter((spec) => spec !== 'udp/62201');
    },
  );
  const age = isOn('ENABLE_SPA_PACKET_AGING') ? '' : conf.get('ENABLE_SPA_PACKET_AGING');
  return [
    ...(isOn('ENABLE_UDP_SERVER') ? [['capture', 'udp'] as const] : []),
    ...(age === 'N' ? [['max_age', '20000d'] as const] : []),
    ...(conf.has('MAX_SPA_PACKET_AGE') ? [['max_age', conf.get('MAX_SPA_PACKET_AGE') ?? ''] as const] : []),
    ...(conf.has('DIGEST_FILE') ? [['fwknop_digest_cache', conf.get('DIGEST_FILE') ?? ''] as const] : []),
    ...(isOn('ENABLE_TCP_SERVER') ? [['fwknop_tcp', 'yes'] as const] : []),
    ...(isOn('ENABLE_SPA_OVER_HTTP') ? [['fwknop_http', 'yes'] as const] : []),
    ...(isOn('ENABLE_X_FORWARDED_FOR') ? [['fwknop_forwarded_for', 'yes'] as const] : []),
    ...(/\bicmp\b/.test(filter) ? [['fwknop_icmp', 'yes'] as const] : []),
    ...(ports.length > 0 ? [['fwknop_ports', ports.join(', ')] as const] : []),
  ];
}

/** Each stanza as `[access stanza-N]`; a list of variables may hold several, which begin with SOURCE. */
export function spadConf(own: Readonly<Record<string, string>>, conf: Variables, access: readonly Variables[]): string {
  const settings = new Map(conf);
  const stanzas: (readonly [string, string])[][] = [];
  for (const variable of access.flat()) {
    if (variable[0] === 'SOURCE') stanzas.push([]);
    stanzas.at(-1)?.push(variable);
  }
  const sections = stanzas.map((variables, index) => {
    const names = variables.map(([name]) => name);
    const lines = variables.flatMap(
      ([name, value]) => TRANSLATED[name]?.(value) ?? [[name.toLowerCase(), value === 'Y' ? 'yes' : value] as const],
    );
    const more: Lines = [
      ...(names.includes('OPEN_PORTS') ? [] : [['allow', 'any'] as const]),
      ...(names.some((name) => name.startsWith('HMAC_KEY')) ? [] : [['allow_unauthenticated', 'yes'] as const]),
      ...natLines(settings),
    ];
    return section(`access stanza-${index + 1}`, [['format', 'fwknop'], ...lines, ...more]);
  });
  return section('spad', [...Object.entries(own), ...daemonLines(settings)]) + sections.join('');
}
