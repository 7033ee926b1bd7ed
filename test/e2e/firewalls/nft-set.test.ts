/** Sets of the operator's own ruleset under the contract of all firewalls; a flush is a reload of that ruleset. */
import { firewallContract } from './contract.ts';
import { loadRuleset, ruleset } from './own-ruleset.ts';

const OWN = ruleset({ more4: 'elements = { 203.0.113.0/24 . tcp . 22-80, 203.0.113.9 . udp . 53 }' });

firewallContract({
  name: 'nft-set',
  firewall: 'nft-set',
  daemon: { nft_set: 'inet filter allowed4, inet filter allowed6' },
  prepare: async (server, lab) => {
    await loadRuleset(server, lab, OWN);
    return undefined;
  },
  flush: (server, lab) => loadRuleset(server, lab, OWN),
  removeOne: async (server, address, port) => {
    await server.run('nft', [`delete element inet filter allowed4 { ${address} . tcp . ${port} }`]);
  },
  listing: (server) => server.run('nft', ['list', 'ruleset']),
});
