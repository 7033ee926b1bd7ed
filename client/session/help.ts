import type { SessionProgram } from './command-line.ts';

const SHARED = `Options of spa-client that are good here too (spa-client --help tells what they
mean): -A -n -a -s -p -f -4 -6 -v --resolve --both --forward --profiles --server
--key-file --key --no-reply, and
  --wait <DURATION>  how long opening may take (default: 10s)
`;

const CODES = `  1  it could not be done: no such host, no route, the connection broke
  2  wrong usage, or trouble with the profile or the key
  3  the port did not open in time, or nothing listens there
  4  the server refused, or could not do what was asked
`;

const REUSE = `  --reuse            try first whether the port is open already, for half a second,
                     and ask only if it is not
`;

/** By program: the text of its --help. */
export const SESSION_HELP: Readonly<Record<SessionProgram, string>> = {
  proxy: `Usage: spa-client proxy [options] HOST PORT

Ask the server to open tcp/PORT, connect to it, and carry standard input and
output through the connection. For ssh_config, which spa-client install-ssh
writes:

  Host gw1.example.net
      ProxyCommand spa-client proxy %h %p

HOST is as for spa-client HOST. Errors go to standard error, and nothing else.

${SHARED}${REUSE}
Exit codes:
  0  both sides have ended the connection
${CODES}`,
  ready: `Usage: spa-client ready [options] HOST [PORT]

Ask the server to open tcp/PORT (default: the first tcp port of the profile), and
end as soon as it accepts a connection. For ssh_config:

  Match host gw1.example.net exec "spa-client ready %h %p"

${SHARED}${REUSE}
Exit codes:
  0  the port accepts connections
${CODES}`,
  exec: `Usage: spa-client exec [options] HOST -- COMMAND [ARGUMENT…]

Open, run COMMAND, keep open what was opened for as long as it runs, and close it
when it has ended.

${SHARED}  --leave-open       close nothing at the end: what was opened ends by itself

Examples:
  spa-client exec gw1 -- rsync -a here/ gw1.example.net:there/
  spa-client exec -A tcp/22,udp/60000-60010 gw1 -- mosh gw1.example.net

The exit code is that of COMMAND, 128 and the number of the signal that has ended
it, 127 where there is no such command, 126 where it cannot be run. Where COMMAND
was not run:
${CODES}`,
};
