/** What one stanza allows, put together from its values, and whether they go together. */
import type { CommandCycle, FwknopNat, FwknopStanza, ProgramUser } from '../../access/fwknop-stanza.ts';
import type { GrantTerms } from '../../access/terms.ts';
import type { Cidr } from '../../base/address.ts';
import type { PortSpec } from '../../base/port-spec.ts';
import type { Seconds, UnixMs } from '../../base/units.ts';
import type { FwknopPolicyValues } from './stanza-directives.ts';
import type { StanzaFile } from './stanza-keys.ts';

/** What fwknopd.conf says about NAT for all stanzas. */
export type NatSettings = Pick<FwknopNat, 'forward' | 'local' | 'targets' | 'source' | 'names'>;

/** fwknopd's own defaults. */
export const NO_NAT: NatSettings = { forward: false, local: false, targets: undefined, source: 'client', names: true };

/** What goes by other names in spad.conf, and the values that do not. */
export interface StanzaDraft {
  readonly name: string;
  readonly sources: readonly Cidr[];
  /** Undefined: any. */
  readonly openPorts: readonly PortSpec[] | undefined;
  readonly openFor: Seconds;
  readonly maxOpenFor: Seconds;
  readonly requireAddress: boolean;
  readonly expires: UnixMs | undefined;
  readonly terms: GrantTerms;
  readonly nat: NatSettings;
  /** How the file at hand lets clients ask for NAT. */
  readonly allowNat: string;
  readonly values: FwknopPolicyValues;
}

/** Whatever is wrong is told; what comes back then is of no use. */
export const stanzaPolicy = (draft: StanzaDraft, file: StanzaFile): FwknopStanza => {
  const { name, sources, openPorts, openFor, maxOpenFor, requireAddress, expires, values } = draft;
  const runAs = programUser(values);
  return {
    ...{ name, sources, openPorts, openFor, maxOpenFor, requireAddress, expires, ...draft.terms },
    destinations: values.destination,
    restrictPorts: values.restrict_ports,
    username: values.require_username,
    nat: natOf(draft, file),
    commands: commandsOf(values, runAs, file),
    cycle: cycleOf(draft, runAs, file),
  };
};

const programUser = (values: FwknopPolicyValues): ProgramUser => ({
  user: values.cmd_exec_user,
  group: values.cmd_exec_group,
  sudo: values.enable_cmd_sudo_exec
    ? { user: values.cmd_sudo_exec_user, group: values.cmd_sudo_exec_group }
    : undefined,
});

const commandsOf = (values: FwknopPolicyValues, runAs: ProgramUser, file: StanzaFile): ProgramUser | undefined => {
  if (values.enable_cmd_exec) return runAs;
  if (runAs.sudo !== undefined && values.cmd_cycle_open === undefined) {
    const problem = `${file.spell('enable_cmd_sudo_exec')} without ${file.spell('enable_cmd_exec')}: commands stay refused`;
    file.complain('enable_cmd_sudo_exec', problem, `set ${file.spell('enable_cmd_exec')} as well`, 'warning');
  }
  return undefined;
};

const cycleOf = ({ values, openFor }: StanzaDraft, runAs: ProgramUser, file: StanzaFile): CommandCycle | undefined => {
  const { cmd_cycle_open: open, cmd_cycle_close: close, cmd_cycle_timer: timer } = values;
  const [opens, closes, waits] = ['cmd_cycle_open', 'cmd_cycle_close', 'cmd_cycle_timer'].map(file.spell);
  if (open === undefined) {
    const stray = (['cmd_cycle_close', 'cmd_cycle_timer'] as const).find((key) => values[key] !== undefined);
    if (stray !== undefined) file.complain(stray, `${file.spell(stray)} alone`, `set ${String(opens)}, or remove it`);
    return undefined;
  }
  if (close === undefined)
    file.complain(
      'cmd_cycle_open',
      `${String(opens)} alone`,
      `set ${String(closes)}, to NONE where nothing is to close`,
    );
  else if (close !== 'NONE' && timer === undefined)
    file.complain('cmd_cycle_close', `${String(closes)} without a time`, `set ${String(waits)} to a number of seconds`);
  return { open, close: close === 'NONE' ? undefined : close, timer: timer ?? openFor, runAs };
};

const natOf = ({ values, nat, allowNat }: StanzaDraft, file: StanzaFile): FwknopNat => {
  const { force_nat: forced, force_snat: snat, force_masquerade: masquerade, forward_all: forwardAll } = values;
  const source = snat === undefined ? (masquerade ? 'force_masquerade' : undefined) : 'force_snat';
  if (snat !== undefined && masquerade)
    file.complain(
      'force_masquerade',
      `${file.spell('force_snat')} and ${file.spell('force_masquerade')}`,
      'set one of the two',
    );
  const needsNat = forced === undefined ? source : 'force_nat';
  if (needsNat !== undefined && !nat.forward && !nat.local)
    file.complain(needsNat, `${file.spell(needsNat)}, and no NAT is allowed`, allowNat);
  if (source !== undefined && forced === undefined && !forwardAll) {
    const hint = `set ${file.spell('force_nat')} or ${file.spell('forward_all')} as well`;
    file.complain(source, `${file.spell(source)}, and nothing is sent on by force`, hint);
  }
  return {
    ...nat,
    forced: forced === undefined ? undefined : { to: forced.to, port: forced.port },
    source: snat ?? (masquerade ? 'masquerade' : nat.source),
    disableDnat: values.disable_dnat,
    forwardAll,
  };
};
