/** What `spad check` says of this host, as text and as JSON. */
import { formatAddress } from '../base/address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
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
  /** Undefined where the firewall closes nothing itself, or it is not known here how. */
  readonly guarded: FateWords | undefined;
  readonly mayAsk: boolean;
  readonly granted: FateWords | undefined;
}

interface FateWords {
  readonly state: 'open' | 'closed' | 'unsure';
  /** The rule that decides, where one does. */
  readonly by: string | undefined;
}

/** All that is to be said of the host; `more` is what was found elsewhere. */
export const reportOn = (facts: HostFacts, plan: Plan, more: readonly Finding[] = []): HostReport => {
  const pictures = pictureOf(facts, plan);
  const findings = [...judgePorts(pictures, plan), ...judgeServices(facts, plan), ...judgeHost(facts, plan), ...more];
  return {
    roads: roadsOf(facts, plan).map(({ link, to }) => ({ link, address: formatAddress(to) })),
    ports: pictures.map((picture) => lineOf(picture, plan)),
    findings: sortFindings(findings),
  };
};

const lineOf = ({ spec, road, program, before, guarded, mayAsk, granted }: PortPicture, plan: Plan): PortLine => ({
  ...{ port: formatPortSpec(spec), link: road.link, address: formatAddress(road.to), program },
  ...{ now: wordsOf(before), guarded: plan.guards ? guarded && wordsOf(guarded) : undefined, mayAsk },
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

/** No line of ours is longer. */
const MAX_LINE = 2000;

/** How a terminal that takes it shows the severities; elsewhere they are words. */
const SIGNS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', note: '·' };
const WORDS: Readonly<Record<Severity, string>> = { error: 'error:', warning: 'warning:', note: 'note:' };

/** Lines for people; rules of others stand in them. `signs`: a terminal that takes them. */
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
  return lines.map((line) => printable(line, MAX_LINE).replaceAll('\\\\', '\\')).join('\n');
};

const portLines = (ports: readonly PortLine[]): string[] => {
  const names = [...new Set(ports.map(({ port }) => port))];
  const heads = names.map((name) => {
    const programs = new Set(ports.filter(({ port }) => port === name).flatMap(({ program }) => program ?? []));
    return programs.size === 0 ? name : `${name} (${[...programs].join(', ')})`;
  });
  const width = Math.max(0, ...heads.map((head) => head.length));
  return names.flatMap((name, index) => {
    const rows = new Map<string, string[]>();
    for (const line of ports.filter(({ port }) => port === name)) {
      rows.set(statesOf(line), [...(rows.get(statesOf(line)) ?? []), line.address]);
    }
    return [...rows].map(([states, addresses], row) => {
      const head = (row === 0 ? (heads[index] ?? '') : '').padEnd(width);
      return `  ${head}  ${rows.size === 1 ? '' : `${addresses.join(', ')}: `}${states}`;
    });
  });
};

const statesOf = ({ now, guarded, mayAsk, granted }: PortLine): string => {
  const by = now.state === 'closed' && now.by !== undefined ? ` by ${now.by}` : '';
  return [
    `now ${STATES[now.state]}${by}`,
    ...(guarded === undefined ? [] : [`with the guard ${STATES[guarded.state]}`]),
    ...(granted === undefined ? [] : [`with a grant ${STATES[granted.state]}`]),
    ...(mayAsk ? [] : ['nobody may have a grant']),
  ].join('; ');
};

const STATES = { open: 'open', closed: 'closed', unsure: 'open or closed' } as const;
