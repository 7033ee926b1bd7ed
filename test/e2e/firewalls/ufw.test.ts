/** ufw under the contract of all, and what is its own: its files, its lists, and who ends grants after a crash. */
import type { Host } from '../../support/host.ts';
import { Ufw } from '../../support/ufw.ts';
import { firewallContract } from './contract.ts';
import { UNGUARDED } from './subject.ts';

let ufw: Ufw;

firewallContract({
  name: 'ufw',
  firewall: 'ufw',
  prepare: async (server: Host) => {
    ufw = await Ufw.create(server);
    await ufw.run('allow', String(UNGUARDED));
    // What most people have.
    await ufw.run('allow', '22/tcp');
    return { prefix: ufw.room.prefix };
  },
  flush: async () => {
    await ufw.run('--force', 'reset');
    await ufw.run('--force', 'enable');
    await ufw.run('allow', String(UNGUARDED));
    await ufw.run('allow', '22/tcp');
  },
  removeOne: async (_server, address, port) => {
    const rule = (await ufw.rules()).find((text) => text.includes(` ${address} `) && text.includes(` port ${port} `));
    await ufw.run('delete', ...(rule?.split(' ').slice(1) ?? []));
  },
  listing: async () => `${await ufw.run('status')}${(await ufw.rules()).join('\n')}`,
});
