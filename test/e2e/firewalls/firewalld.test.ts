/** firewalld under the contract of all, and what is its own: zones, its own timers, restarts. */
import { Firewalld } from '../../support/firewalld.ts';
import type { Host } from '../../support/host.ts';
import { firewallContract } from './contract.ts';
import { UNGUARDED } from './subject.ts';

let firewalld: Firewalld;

firewallContract({
  name: 'firewalld',
  firewall: 'firewalld',
  prepare: async (server: Host) => {
    firewalld = await Firewalld.create(server);
    for (const protocol of ['tcp', 'udp']) await firewalld.cmd('--permanent', `--add-port=${UNGUARDED}/${protocol}`);
    await firewalld.cmd('--reload');
    return { prefix: firewalld.room.prefix };
  },
  flush: async () => {
    await firewalld.cmd('--reload');
  },
  removeOne: async (_server, address, port) => {
    const rule = (await firewalld.rules()).find((text) => text.includes(`"${address}"`) && text.includes(`"${port}"`));
    await firewalld.cmd(`--remove-rich-rule=${rule}`);
  },
  listing: async () => `${await firewalld.cmd('--list-all-zones')}${await firewalld.cmd('--list-all-policies')}`,
});
