/**
 * Command cycles: CMD_CYCLE_OPEN and CMD_CYCLE_CLOSE with what a packet says put into them. fwknop runs them for the first
 * port of a request alone; here a template that names `$PORT` or `$PROTO` is run once for each.
 */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { type PortSpec, PROTOCOL_NUMBERS } from '../base/port-spec.ts';
import type { Seconds, UnixMs } from '../base/units.ts';
import { programOf, type ProgramRun, programsKey, splitArguments } from './fwknop-program.ts';
import type { CommandCycle } from './fwknop-stanza.ts';

export interface CycleValues {
  readonly allow: IpAddress;
  /** Where the packet came from. */
  readonly source: IpAddress;
  /** Where it was sent to; undefined where a socket received it. */
  readonly destination: IpAddress | undefined;
  /** Single ports in the client's order. */
  readonly ports: readonly PortSpec[];
  /** The packet's own time. */
  readonly time: UnixMs;
  /** Between open and close. */
  readonly wait: Seconds;
}

/** What is opened and closed together: what one close is for, be it a port or the whole request. */
export interface CycleUnit {
  readonly ports: readonly PortSpec[];
  readonly opens: readonly ProgramRun[];
  /** Empty: the operator wants no close. */
  readonly closes: readonly ProgramRun[];
}

export const planCycle = (cycle: CommandCycle, values: CycleValues): readonly CycleUnit[] => {
  const { ports } = values;
  const isApart = isPerPort(cycle.open) && cycle.close !== undefined && isPerPort(cycle.close);
  const units = new Map<string, CycleUnit>();
  for (const group of isApart ? ports.map((spec) => [spec]) : [ports]) {
    const some = { ...values, ports: group };
    const closes = cycle.close === undefined ? [] : runsOf(cycle.close, cycle, some);
    const same = units.get(programsKey(closes));
    const opens = [...(same?.opens ?? []), ...runsOf(cycle.open, cycle, some)];
    units.set(programsKey(closes), { ports: [...(same?.ports ?? []), ...group], opens, closes });
  }
  return [...units.values()];
};

const isPerPort = (template: string): boolean => /\$(?:PORT|PROTO)/.test(template);

const runsOf = (template: string, { runAs }: CommandCycle, values: CycleValues): readonly ProgramRun[] => {
  const specs = isPerPort(template) ? values.ports : values.ports.slice(0, 1);
  return specs.map((spec) => programOf(splitArguments(expand(template, values, spec)), runAs));
};

/**
 * As fwknopd 2.6.10 does it: a name is taken where it begins, whatever follows (`$PORTX` is `22X`); where a dollar begins
 * no name, it alone is left out. Every value is an address or a number, so none can add an argument or an option.
 */
const expand = (template: string, values: CycleValues, spec: PortSpec): string =>
  template.replace(/\$(IP|SRC|PKT_SRC|DST|PORT|PROTO|TIMEOUT|CLIENT_TIMEOUT|)/g, (_, name: string) =>
    name === '' ? '' : valueOf(name, values, spec),
  );

const valueOf = (name: string, values: CycleValues, spec: PortSpec): string => {
  switch (name) {
    case 'IP':
    case 'SRC':
      return formatAddress(values.allow);
    case 'PKT_SRC':
      return formatAddress(values.source);
    case 'DST':
      return values.destination === undefined ? NOWHERE[values.source.family] : formatAddress(values.destination);
    case 'PORT':
      return String(spec.first);
    case 'PROTO':
      return String(PROTOCOL_NUMBERS[spec.protocol]);
    case 'TIMEOUT':
      return String(Math.floor(values.time / 1000) + values.wait);
    default:
      return String(values.wait);
  }
};

/** What fwknopd has for a destination that it does not know. */
const NOWHERE = { 4: '0.0.0.0', 6: '::' } as const;
