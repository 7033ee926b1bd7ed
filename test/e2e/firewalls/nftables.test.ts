/** The default firewall under the contract of all. */
import { firewallContract } from './contract.ts';

firewallContract({
  name: 'nftables',
  firewall: 'nftables',
  flush: async (server) => {
    await server.run('nft', ['flush', 'ruleset']);
  },
  removeOne: async (server, address, port) => {
    await server.run('nft', [`delete element inet spad grant4 { ${address} . tcp . ${port} }`]);
  },
  listing: (server) => server.run('nft', ['list', 'ruleset']),
  // The kernel counts in ticks of its clock; the rest is for the program that asks.
});
