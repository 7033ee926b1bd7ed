import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachePlaces, readCache, writeCache } from '../../../launch/code-cache.ts';

const CODE = Buffer.from('what V8 has compiled, as far as we know');
const NAME = 'program-0-0-x64.cache';
const ROOM = Buffer.alloc(256, 'what was read before');

let folder = '';
let program = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-cache-'));
  program = join(folder, 'program.bundle.js');
  writeFileSync(program, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

const beside = (): ReturnType<typeof cachePlaces> => cachePlaces(program, statSync(program).uid, {});
const own = (): ReturnType<typeof cachePlaces> =>
  cachePlaces(program, statSync(program).uid, { HOME: folder }).slice(1);
const read = (places: ReturnType<typeof cachePlaces>, name: string, room = ROOM): Buffer | undefined =>
  readCache(places, name, room);
const path = (): string => join(folder, NAME);

describe('a cache beside its program', () => {
  test('is read as it was written, by whoever may run the program', () => {
    writeCache(beside(), NAME, CODE);
    expect(read(beside(), NAME)).toEqual(CODE);
    expect(read(beside(), 'another')).toBeUndefined();
    expect(readdirSync(folder).sort()).toEqual([NAME, 'program.bundle.js']);
  });

  test('is read into the room that there is, or into more where that is too small', () => {
    writeCache(beside(), NAME, CODE);
    expect(read(beside(), NAME)?.buffer).toBe(ROOM.buffer);
    for (const length of [0, 2 * CODE.length - 1]) {
      expect(read(beside(), NAME, Buffer.alloc(length))).toEqual(CODE);
    }
  });

  test('is not believed when a byte of it is another one, or it is cut short', () => {
    writeCache(beside(), NAME, CODE);
    const whole = readFileSync(path());
    for (let at = 0; at < whole.length; at += 1) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      writeFileSync(path(), broken);
      expect(read(beside(), NAME), `byte ${String(at)}`).toBeUndefined();
      writeFileSync(path(), whole.subarray(0, at));
      if (at > 0) expect(read(beside(), NAME), `${String(at)} bytes`).toBeUndefined();
    }
  });

  test('is not believed when others could have written it', () => {
    writeCache(beside(), NAME, CODE);
    for (const mode of [0o664, 0o646]) {
      chmodSync(path(), mode);
      expect(read(beside(), NAME)).toBeUndefined();
    }
    chmodSync(path(), 0o644);
    expect(read(beside(), NAME)).toEqual(CODE);
  });

  test.runIf(process.geteuid?.() === 0)(
    'is not believed when a stranger owns it, but when the owner of the program does',
    () => {
      writeCache(beside(), NAME, CODE);
      chownSync(path(), 65_534, 65_534);
      expect(read(beside(), NAME)).toBeUndefined();
      chownSync(program, 65_534, 65_534);
      expect(read(beside(), NAME)).toEqual(CODE);
    },
  );

  test('is not believed through a symbolic link', () => {
    writeCache(beside(), 'other', CODE);
    symlinkSync(join(folder, 'other'), path());
    expect(read(beside(), NAME)).toBeUndefined();
  });
});

describe("a cache in the user's own folder", () => {
  test('is written where XDG_CACHE_HOME or HOME says, if that is a whole path', () => {
    const of = (env: NodeJS.ProcessEnv): string[] =>
      cachePlaces(program, statSync(program).uid, env).map((place) => place.folder);
    expect(of({ HOME: '/h' })).toEqual([folder, '/h/.cache/spad']);
    expect(of({ HOME: '/h', XDG_CACHE_HOME: '/c' })).toEqual([folder, '/c/spad']);
    expect(of({ HOME: '/h', XDG_CACHE_HOME: 'c' })).toEqual([folder, '/h/.cache/spad']);
    expect(of({ HOME: 'h' })).toEqual([folder]);
  });

  test('is read as it was written', () => {
    writeCache(own(), NAME, CODE);
    expect(read(own(), NAME)).toEqual(CODE);
  });

  test('is neither believed nor written when others may write into that folder', () => {
    writeCache(own(), NAME, CODE);
    chmodSync(join(folder, '.cache/spad'), 0o777);
    expect(read(own(), NAME)).toBeUndefined();
    writeCache(own(), 'another', CODE);
    expect(readdirSync(join(folder, '.cache/spad'))).toEqual([NAME]);
  });

  test('is not written through a symbolic link', () => {
    mkdirSync(join(folder, 'elsewhere'));
    mkdirSync(join(folder, '.cache'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, '.cache/spad'));
    writeCache(own(), NAME, CODE);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  });
});

test('where nothing can be written, nothing is said', () => {
  const file = join(folder, 'no-folder');
  writeFileSync(file, '');
  expect(() => writeCache([{ folder: file, isOwn: true, owners: [] }], NAME, CODE)).not.toThrow();
});
