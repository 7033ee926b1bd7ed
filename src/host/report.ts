/** What `spad check` says of this host, as text and as JSON. */
import { formatAddress } from '../base/address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import type { HostFacts, Plan } from './facts.ts';
import { type Finding, sortFindings, type Severity } from './finding.ts';
import { judgeHost } from './judge-host.ts';
import { judgePorts, type PortPicture, pictureOf } from './judge-ports.ts';
import { judgeServices } from './judge-services.ts';
import { roadsOf } from './roads.ts';
import { formatRef } from './ruleset.ts';
import type { Fate } from './walk.ts';

export interface HostReport {
  /** The ways in that were tried. */
  readonly roads: readonly { readonly link: string; readonly address: string }[];
  readonly ports: readonly PortLine[];
  readonly findings: readonly Finding[];
}

/** One guarded port over one road. */
export interface PortLine {
  readonly port: string;
  readonly link: string;
  readonly address: string;
  readonly program: string | undefined;
  /** As things stand, without spad. */
  readonly now: FateWords;
  readonly guarded: FateWords;
  readonly granted: FateWords | undefined;
}

interface FateWords {
  readonly state: 'open' | 'closed' | 'unsure';
  /** The rule that decides, where one does. */
  readonly by: string | undefined;
}

/** All that is to be said of the host. */
export const reportOn = (facts: HostFacts, plan: Plan): HostReport => {
  const pictures = pictureOf(facts, plan);
  const findings = [...judgePorts(pictures, plan), ...judgeServices(facts, plan), ...judgeHost(facts, plan)];
  return {
    roads: roadsOf(facts, plan).map(({ link, to }) => ({ link, address: formatAddress(to) })),
    ports: pictures.map(lineOf),
    findings: sortFindings(findings),
  };
};

const lineOf = ({ spec, road, program, before, guarded, granted }: PortPicture): PortLine => ({
  ...{ port: formatPortSpec(spec), link: road.link, address: formatAddress(road.to), program },
  ...{ now: wordsOf(before), guarded: wordsOf(guarded) },
  granted: granted && wordsOf(granted),
});

const wordsOf = (fate: Fate): FateWords => {
  switch (fate.kind) {
    case 'dropped':
      return { state: 'closed', by: formatRef(fate.by) };
    case 'unsure':
      return { state: 'unsure', by: formatRef(fate.by) };
    case 'arrives':
    case 'forwarded':
      return { state: 'open', by: fate.translatedBy && formatRef(fate.translatedBy) };
  }
};

/** How a terminal that takes it shows the severities; elsewhere they are words. */
const SIGNS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', note: '·' };
const WORDS: Readonly<Record<Severity, string>> = { error: 'error:', warning: 'warning:', note: 'note:' };

/** Lines for people. `signs`: a terminal that takes them. */
export const formatReport = (report: HostReport, signs: boolean): string => {
  const lines: string[] = [];
  const roads = report.roads.map(({ link, address }) => `${link} ${address}`).join(', ');
  lines.push(roads === '' ? 'no interface with an address is up' : `looked at from outside, by ${roads}:`);
  lines.push(...portLines(report.ports));
  for (const { severity, message, cure } of report.findings) {
    lines.push('', `${(signs ? SIGNS : WORDS)[severity]} ${message}`, `${signs ? '  → ' : '  to do: '}${cure}`);
  }
  if (report.findings.every(({ severity }) => severity === 'note'))
    lines.push('', `${signs ? '✓ ' : ''}nothing wrong found`);
  return lines.join('\n');
};

const portLines = (ports: readonly PortLine[]): string[] => {
  const rows = new Map<string, { readonly head: string; readonly states: string; readonly where: string[] }>();
  for (const line of ports) {
    const head = `${line.port}${line.program === undefined ? '' : ` (${line.program})`}`;
    const states = [
      `now ${stateOf(line.now)}`,
      `with the guard ${stateOf(line.guarded)}`,
      ...(line.granted === undefined ? [] : [`with a grant ${stateOf(line.granted)}`]),
    ].join(', ');
    const key = `${head} ${states}`;
    const row = rows.get(key) ?? { head, states, where: [] };
    rows.set(key, row);
    row.where.push(line.address);
  }
  const list = [...rows.values()];
  const width = Math.max(0, ...list.map(({ head }) => head.length));
  return list.map(({ head, states, where }) => {
    const isAll = list.filter((row) => row.head === head).length === 1;
    return `  ${head.padEnd(width)}  ${states}${isAll ? '' : ` at ${where.join(', ')}`}`;
  });
};

const stateOf = ({ state }: FateWords): string => (state === 'unsure' ? 'open or closed' : state);
