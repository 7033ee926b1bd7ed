/** The sub-commands of spa-client: one table for whoever runs them or tells of them. */
export const COMMAND_TABLE = {
  join: 'make a profile of an invite, and try it',
  proxy: 'open a port and connect, for ProxyCommand of ssh',
  ready: 'open a port and wait for it, for Match exec of ssh',
  exec: 'keep a port open for as long as a command runs',
  'install-ssh': 'have ssh open the port by itself',
  knock: 'knock at ports, with the options of the knock client',
  fwknop: "take the whole command line of fwknop's client",
  completion: 'print the completion script of a shell',
} as const;

export type CommandName = keyof typeof COMMAND_TABLE;

export const COMMAND_NAMES = Object.keys(COMMAND_TABLE) as CommandName[];
