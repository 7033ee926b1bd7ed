/** The operator's own commands under the contract of all firewalls: programs that edit a set of the operator's. */
import { firewallContract } from './contract.ts';
import { loadRuleset, ruleset } from './own-ruleset.ts';

// Without timeouts: what ends here, spad has ended.
const OWN = ruleset({ flags: 'interval' });
const ELEMENT = 'inet filter allowed{family} "{ {address} . {protocol} . {ports} }"';

firewallContract({
  name: 'command',
  firewall: 'command',
  daemon: {
    open_command: `/usr/sbin/nft add element ${ELEMENT}`,
    close_command: `/usr/sbin/nft delete element ${ELEMENT}`,
  },
  prepare: async (server, lab) => {
    await loadRuleset(server, lab, OWN);
    return undefined;
  },
  flush: (server, lab) => loadRuleset(server, lab, OWN),
  notices: false,
  listing: (server) => server.run('nft', ['list', 'ruleset']),
});
