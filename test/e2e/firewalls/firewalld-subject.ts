/** The real firewalld as the contract wants it; `firewalld()` is the one of the laboratory that was built last. */
import { Firewalld } from '../../support/firewalld.ts';
import { type Subject, UNGUARDED } from './subject.ts';

let last: Firewalld | undefined;

export const firewalld = (): Firewalld => {
  if (last === undefined) throw new Error('no firewalld has been started');
  return last;
};

export const FIREWALLD: Subject = {
  name: 'firewalld',
  firewall: 'firewalld',
  stretch: 2,
  prepare: async (server) => {
    last = await Firewalld.create(server);
    for (const protocol of ['tcp', 'udp']) await last.cmd('--permanent', `--add-port=${UNGUARDED}/${protocol}`);
    await last.cmd('--reload');
    return { prefix: last.room.prefix };
  },
  flush: async () => {
    await firewalld().cmd('--reload');
  },
  removeOne: async (_server, address, port) => {
    const rules = await firewalld().rules();
    const rule = rules.find((text) => text.includes(`"${address}"`) && text.includes(`port="${port}"`));
    await firewalld().cmd(`--remove-rich-rule=${rule}`);
  },
  listing: async () =>
    `${await firewalld().cmd('--list-all-zones')}${await firewalld().cmd('--permanent', '--list-all-zones')}`,
};
