/** What of the configuration the host matters for. */
import { closesPorts } from '../../src/firewall/backends.ts';
import type { Allowance, Plan } from '../../src/host/facts.ts';
import { firewallNameOf } from '../chosen-source.ts';
import type { Configuration } from '../load-config.ts';

export const planOf = (configuration: Configuration): Plan => {
  const {
    conf: { daemon },
    policy,
  } = configuration;
  const firewall = firewallNameOf(configuration);
  const fwknop = policy.fwknop.clients
    .filter(({ stanza }) => stanza.cycle === undefined)
    .map(({ stanza }): Allowance => ({
      ...{ name: `[access ${stanza.name}]`, ports: stanza.openPorts, sources: stanza.sources },
      forwards: stanza.nat.forward || stanza.nat.local || stanza.nat.forced !== undefined,
    }));
  return {
    ...{
      firewall,
      guards: closesPorts(firewall),
      guard: policy.guard,
    },
    ...{ spaPort: daemon.port, capture: daemon.capture, interface: daemon.interface },
    allowances: [
      ...policy.clients.map(({ stanza: { name, allow, sources, forward } }): Allowance => ({
        ...{ name: `[access ${name}]`, ports: allow, sources, forwards: forward.length > 0 },
      })),
      ...fwknop,
      ...policy.doors.map(({ door, open, sources }): Allowance => ({
        ...{ name: `[door ${door.name}]`, ports: open, sources, forwards: false },
      })),
    ],
  };
};
