/**
 * `[NAME]` of profiles.ini with `format = fwknop`: where and for what, under our names, and whatever else .fwknoprc can say,
 * under fwknop's names in lower case, as in spad.conf. What it comes to are variables of .fwknoprc.
 */
import { type Cidr, formatAddress } from '../base/address.ts';
import { formatPortSpec, type PortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import type { Port, Seconds } from '../base/units.ts';
import { RC_SECRETS, type RcVariable, rcVariable } from './fwknop/rc-variables.ts';
import type { IniSection } from './ini-file.ts';
import type { Issue } from './issue.ts';

/** What a profile of either format says under our names. */
export interface CommonProfile {
  readonly name: string;
  readonly host: string;
  readonly port: Port;
  readonly access: readonly PortSpec[];
  readonly allow: 'source' | readonly Cidr[] | undefined;
  readonly openFor: Seconds | undefined;
}

export interface FwknopProfile {
  readonly name: string;
  readonly host: string;
  readonly variables: ReadonlyMap<RcVariable, { readonly value: string; readonly line: number }>;
}

/** The entries of a section that are fwknop's alone: `key_base64`, or `fwknop_key_base64`. */
export const isFwknopKey = (key: string): boolean => variableOf(key) !== undefined;

/** `access` is ours: a list with spaces in it. */
const variableOf = (key: string): RcVariable | undefined =>
  key === 'access' ? undefined : rcVariable(key.replace(/^fwknop_/, '').toUpperCase());

/** The profile in `section`, whose entries under our names are `common`; every problem is added to `issues`. */
export const readFwknopProfile = (
  common: CommonProfile,
  section: IniSection,
  file: string,
  issues: Issue[],
): FwknopProfile | undefined => {
  const before = issues.length;
  const complain = (line: number, problem: string, hint: string): unknown =>
    issues.push({ severity: 'error', file, line, problem, hint });
  const variables = new Map<RcVariable, { readonly value: string; readonly line: number }>();
  for (const [variable, value] of commonVariables(common)) variables.set(variable, { value, line: section.line });
  for (const { key, value, line } of section.entries) {
    const variable = variableOf(key);
    if (variable === undefined) continue;
    const shown = RC_SECRETS.includes(variable) ? '(not shown)' : printable(value, 60);
    if (value === '') complain(line, `${key} = ${shown}`, 'some text');
    variables.set(variable, { value, line });
  }
  if (common.access.some(({ first, last }) => first !== last)) {
    complain(section.line, 'access has a range of ports', 'fwknop knows none: name each port');
  }
  if (common.allow !== undefined && common.allow !== 'source' && common.allow.length > 1) {
    complain(section.line, 'allow names two addresses', 'a packet of fwknop names one');
  }
  return issues.length === before ? { name: common.name, host: common.host, variables } : undefined;
};

const commonVariables = ({ host, port, access, allow, openFor }: CommonProfile): [RcVariable, string][] => {
  const list: [RcVariable, string][] = [
    ['SPA_SERVER', host],
    ['SPA_SERVER_PORT', String(port)],
  ];
  if (access.length > 0) list.push(['ACCESS', access.map(formatPortSpec).join(',')]);
  if (allow === 'source') list.push(['ALLOW_IP', 'source']);
  else if (allow !== undefined) list.push(['ALLOW_IP', allow.map(({ address }) => formatAddress(address)).join(',')]);
  if (openFor !== undefined) list.push(['FW_TIMEOUT', String(openFor)]);
  return list;
};
