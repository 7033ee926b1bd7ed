/** The ways by which a packet may come, sent by the real client itself. */
import { test } from 'vitest';
import { waitUntil } from '../../support/wait.ts';
import type { Variables } from './harness/fwknopd.ts';
import { scenario } from './harness/scenario.ts';
import { sides } from './harness/peer.ts';
import { Stage } from './harness/stage.ts';

const KEYS: Variables = [
  ['SOURCE', 'ANY'],
  ['KEY', 'transports'],
  ['HMAC_KEY', 'transports hmac'],
];

const WORDS = ['--key-rijndael', 'transports', '--key-hmac', 'transports hmac'];

const filter = (text: string): Variables => [['PCAP_FILTER', text]];

/** Has the real client send, and says what is open once that has been dealt with. */
async function opens(stage: Stage, ...words: readonly string[]): Promise<readonly string[]> {
  const given = ['-A', 'tcp/22', ...words.map((word) => stage.expand(word)), ...WORDS];
  const { code, stderr } = await stage.fwknop.send(...given);
  if (code !== 0) throw new Error(`fwknop ended with ${code}: ${stderr}`);
  await stage.settle();
  return stage.open();
}

const CLIENT = ['10.99.0.1 tcp/22'];

scenario('udp', async (stage, expect) => {
  await stage.start([KEYS]);
  expect(await opens(stage, '-a', 'CLIENT_IP')).toEqual(CLIENT);
});

scenario('udp, to another port', async (stage, expect) => {
  await stage.start([KEYS], filter('udp port 62201 or udp port 53'));
  expect(await opens(stage, '-s', '-p', '53')).toEqual(CLIENT);
});

scenario(
  'udp, to any port',
  async (stage, expect) => {
    await stage.start([KEYS], filter('udp dst portrange 10000-65535'));
    expect(await opens(stage, '-s', '-r')).toEqual(CLIENT);
  },
  // PCAP_FILTER with a range is refused; fwknop_ports of spad.conf takes one.
  { without: ['access.conf'] },
);

scenario('udp, from a source that is not its own', async (stage, expect) => {
  await stage.start([KEYS]);
  expect(await opens(stage, '-s', '-P', 'udpraw', '-Q', '192.0.2.9')).toEqual(['192.0.2.9 tcp/22']);
});

scenario('udp, from a source that is not its own, for another address', async (stage, expect) => {
  await stage.start([KEYS]);
  expect(await opens(stage, '-a', 'CLIENT_IP', '-P', 'udpraw', '-Q', '192.0.2.9')).toEqual(CLIENT);
});

scenario('udp, from a source that the stanza does not name', async (stage, expect) => {
  await stage.start([[['SOURCE', '10.99.0.0/24'], ...KEYS.slice(1)]]);
  expect(await opens(stage, '-a', 'CLIENT_IP', '-P', 'udpraw', '-Q', '192.0.2.9')).toEqual([]);
  expect(await opens(stage, '-a', 'CLIENT_IP', '-P', 'udpraw', '-Q', '10.99.0.200')).toEqual(CLIENT);
});

scenario('udp, to a socket that fwknopd or spad opens', async (stage, expect) => {
  await stage.start([KEYS], [['ENABLE_UDP_SERVER', 'Y']]);
  expect(await opens(stage, '-s')).toEqual(CLIENT);
});

scenario('tcp', async (stage, expect) => {
  await stage.start([KEYS], [...filter('port 62201'), ['ENABLE_TCP_SERVER', 'Y'], ['TCPSERV_PORT', '62201']]);
  expect(await opens(stage, '-s', '-P', 'tcp')).toEqual(CLIENT);
});

scenario('tcp without a connection', async (stage, expect) => {
  await stage.start([KEYS], filter('port 62201'));
  expect(await opens(stage, '-s', '-P', 'tcpraw')).toEqual(CLIENT);
});

scenario('icmp', async (stage, expect) => {
  await stage.start([KEYS], filter('icmp or udp port 62201'));
  expect(await opens(stage, '-s', '-P', 'icmp')).toEqual(CLIENT);
});

scenario('icmp of another type', async (stage, expect) => {
  await stage.start([KEYS], filter('icmp or udp port 62201'));
  expect(await opens(stage, '-s', '-P', 'icmp', '--icmp-type', '8', '--icmp-code', '0')).toEqual(CLIENT);
});

const HTTP: Variables = [...filter('port 62201 or tcp port 80'), ['ENABLE_SPA_OVER_HTTP', 'Y']];

/** A web server, which the client needs for its connection. */
async function webServer(stage: Stage): Promise<void> {
  stage.server.spawn('python3', ['-m', 'http.server', '80', '--bind', '0.0.0.0', '-d', stage.effectsDir]);
  const script = 'ss -Hltn | grep -q ":80 "';
  await waitUntil('a web server', async () => (await stage.server.exec('sh', ['-c', script])).code === 0);
}

/** A request as the real client makes it, with other headers. */
async function request(stage: Stage, headers: readonly string[]): Promise<void> {
  const packet = await stage.make('-A', 'tcp/22', '-s', ...WORDS);
  const path = packet.replaceAll('+', '-').replaceAll('/', '_');
  const lines = [`GET /${path} HTTP/1.0`, ...headers, 'Connection: close', '', ''];
  const script = `import socket, sys
s = socket.create_connection((sys.argv[1], 80))
s.sendall(sys.stdin.buffer.read())
s.recv(100)
`;
  await stage.client.run('python3', ['-c', script, stage.server.address4], { input: lines.join('\r\n') });
}

scenario('http', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], HTTP);
  expect(await opens(stage, '-s', '-P', 'http', '-p', '80')).toEqual(CLIENT);
});

scenario('http where it is not enabled', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], filter('port 62201 or tcp port 80'));
  expect(await opens(stage, '-s', '-P', 'http', '-p', '80')).toEqual([]);
});

scenario('http from another browser', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], HTTP);
  expect(await opens(stage, '-s', '-P', 'http', '-p', '80', '-u', 'Mozilla/5.0')).toEqual([]);
});

scenario('http, and the same packet again by udp', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], HTTP);
  const packet = await stage.make('-A', 'tcp/22', '-s', ...WORDS);
  expect(await stage.opens(packet)).toEqual(CLIENT);
  const path = packet.replaceAll('+', '-').replaceAll('/', '_');
  const url = `http://${stage.server.address4}/${path}`;
  await stage.client.exec('wget', ['-q', '-O', '-', '-U', 'Fwknop/2.6.10', '-t', '1', url]);
  expect(await stage.opens()).toEqual([]);
  expect(stage.granted()).toEqual(CLIENT);
});

scenario('http with X-Forwarded-For where that is believed', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], [...HTTP, ['ENABLE_X_FORWARDED_FOR', 'Y']]);
  await request(stage, ['User-Agent: Fwknop/2.6.10', 'X-Forwarded-For: 192.0.2.7']);
  await stage.settle();
  expect(await stage.open(), stage.peer.log()).toEqual(['192.0.2.7 tcp/22']);
});

scenario('http with X-Forwarded-For where that is not believed', async (stage, expect) => {
  await webServer(stage);
  await stage.start([KEYS], HTTP);
  await request(stage, ['User-Agent: Fwknop/2.6.10', 'X-Forwarded-For: 192.0.2.7']);
  await stage.settle();
  expect(await stage.open()).toEqual(CLIENT);
});

scenario('the client finds its own address', async (stage, expect) => {
  await stage.start([KEYS]);
  // The web service that tells an address is the client's own here.
  const script = `import http.server
class Tell(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"10.99.0.1")
http.server.HTTPServer(("0.0.0.0", 8000), Tell).serve_forever()
`;
  stage.other.spawn('python3', ['-c', script]);
  const isThere = 'ss -Hltn | grep -q ":8000 "';
  await waitUntil('a web server', async () => (await stage.other.exec('sh', ['-c', isThere])).code === 0);
  const url = `http://${stage.other.address4}:8000/`;
  expect(await opens(stage, '-R', '--resolve-http-only', '--resolve-url', url)).toEqual(CLIENT);
});

for (const side of sides()) {
  if (side === 'fwknopd') continue;
  test.concurrent(`${side}: by IPv6, which fwknopd does not hear`, async ({ expect }) => {
    const stage = await Stage.create(side, 1);
    try {
      await stage.start([KEYS]);
      const packet = await stage.make('-A', 'tcp/22', '-s', ...WORDS);
      await stage.send([packet], stage.client, 6);
      await stage.settle();
      expect(await stage.open()).toEqual(['fd99::1 tcp/22']);
    } finally {
      await stage.close();
    }
  });
}
