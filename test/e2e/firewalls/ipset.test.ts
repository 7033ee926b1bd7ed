/** The contract with iptables and ipset. */
import { firewallContract } from './contract.ts';
import { iptablesSubject } from './iptables-subject.ts';

firewallContract({
  ...iptablesSubject('nf_tables'),
  name: 'ipset',
  firewall: 'ipset',
  removeOne: async (server, address, port) => {
    await server.run('ipset', ['del', 'spad-grants4', `${address},tcp:${port}`]);
  },
});
