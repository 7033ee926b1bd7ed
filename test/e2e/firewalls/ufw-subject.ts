/** The real ufw as the contract wants it; `ufw()` is the one of the laboratory that was built last. */
import { Ufw } from '../../support/ufw.ts';
import { type Subject, UNGUARDED } from './subject.ts';

let last: Ufw | undefined;

export const ufw = (): Ufw => {
  if (last === undefined) throw new Error('no ufw has been enabled');
  return last;
};

export const UFW: Subject = {
  name: 'ufw',
  firewall: 'ufw',
  stretch: 3,
  prepare: async (server) => {
    last = await Ufw.create(server);
    await last.run('allow', String(UNGUARDED));
    // What most people have: it must not keep the guard from closing, and must be there afterwards.
    await last.run('allow', '22/tcp');
    await last.room.run('cp', ['-r', '/etc/ufw', '/run/saved']);
    return { prefix: last.room.prefix };
  },
  // Somebody puts a copy of the files back.
  flush: async () => {
    await ufw().room.run('sh', ['-c', 'cp /run/saved/user*.rules /etc/ufw && exec ufw reload'], { timeoutMs: 30_000 });
  },
  removeOne: async (_server, address, port) => {
    const holds = new RegExp(` from ${address} .* port (?:\\S+,)?${port}[ ,]`);
    await ufw().delete((await ufw().rules()).find((rule) => holds.test(rule)) ?? '');
  },
  listing: async () => `${await ufw().run('status')}${(await ufw().rules()).join('\n')}`,
};
