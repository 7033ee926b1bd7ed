/** An invitation as a phone would see it: the printed code read by a real reader, its keys used by the real client. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Lab } from '../../support/lab.ts';
import { builtFile } from '../../support/paths.ts';
import { screenshot } from '../../support/screenshot.ts';
import { Fwknopd, type Variables } from './harness/fwknopd.ts';
import { FwknopClient } from './harness/packets.ts';
import { sendDatagram } from '../../support/probe.ts';
import { waitUntil } from '../../support/wait.ts';

/** As the app does: pieces between blanks, each a name and a value between colons. */
function scanned(text: string): ReadonlyMap<string, string> {
  const pieces = text.split(' ').map((piece) => piece.split(':'));
  return new Map(pieces.map(([name = '', value = '']) => [name.toUpperCase(), value]));
}

const STANZAS: Readonly<Record<string, Variables>> = {
  'keys of letters': [
    ['KEY', 'a key: of letters'],
    ['HMAC_KEY', 'another, with ü'],
  ],
  'keys of full length': [
    ['KEY_BASE64', Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7)).toString('base64')],
    ['HMAC_KEY_BASE64', Buffer.from(Array.from({ length: 128 }, (_, index) => 255 - index)).toString('base64')],
  ],
};

test.each(Object.entries(STANZAS))('%s', async (_, keys) => {
  const lab = await Lab.create({ hosts: ['client', 'server'] });
  try {
    const [client, server] = [lab.host('client'), lab.host('server')];
    const daemon = new Fwknopd(lab, server);
    daemon.configure({ access: [[['SOURCE', 'ANY'], ...keys]] });
    await daemon.start();
    const words = ['invite', '--fwknop', '--access', daemon.accessFile];
    const picture = join(lab.dir, 'screen.pgm');
    writeFileSync(picture, screenshot(await server.run(process.execPath, [builtFile('bin/spa-keys.cjs'), ...words])));
    const text = (await client.run('zbarimg', ['--raw', '-q', '-Sdisable', '-Sqrcode.enable', picture])).replace(
      /\n$/,
      '',
    );
    const found = scanned(text);
    const keyWords = [
      ...['--key-base64-rijndael', found.get('KEY_BASE64') ?? ''],
      ...['--key-base64-hmac', found.get('HMAC_KEY_BASE64') ?? ''],
    ];
    const packets = await new FwknopClient(lab, client, server.address4).make([['-A', 'tcp/22', '-s', ...keyWords]]);
    for (const packet of packets) await sendDatagram(client, server.address4, 62_201, Buffer.from(packet, 'latin1'));
    await waitUntil('the port to open', async () => (await daemon.open()).length > 0);
    expect(await daemon.open()).toEqual([`${client.address4} tcp/22`]);
  } finally {
    await lab.close();
  }
});
