/**
 * Nothing more than what it has: after this the receiver, all of its threads, gains no privilege by any program
 * (no_new_privs) and is refused by the kernel whatever it has no use for once it captures (seccomp(2)): programs, processes,
 * new sockets, writing to any file.
 */
import { CLONE, type Numbers, OPEN, OPENAT, REFUSED, SECCOMP, UNKNOWN } from './syscalls.ts';

/** include/uapi/linux: prctl.h, seccomp.h, audit.h, bpf_common.h, sched.h, asm-generic/fcntl.h, errno-base.h */
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
/** All threads get the filter, and no_new_privs with it: seccomp_sync_threads() in kernel/seccomp.c. */
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const ARCHITECTURES = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const [LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06] as const;
const ALLOW = 0x7fff0000;
const [EPERM, EACCES, ENOSYS] = [1, 13, 38] as const;
const refuse = (errno: number): number => 0x00050000 | errno;

/** struct seccomp_data; of an argument, the lower half, which comes first on both architectures. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

/** Calls of the x32 ABI have this bit; a filter that looks at numbers alone would let them pass. */
const X32_BIT = 0x40000000;
/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
const WRITES = 0x1 | 0x2 | 0x40 | 0x200;
/** Without it, clone(2) makes a process. A thread has no namespace of its own: those flags exclude this one, or take CAP_SYS_ADMIN. */
const CLONE_THREAD = 0x10000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Where the call is this one: what `then` says, else on behind it. */
const where = (number: number | undefined, then: readonly Instruction[]): readonly Instruction[] =>
  number === undefined ? [] : [[JUMP_EQUAL, 0, then.length, number], ...then];

const always = (errno: number): readonly Instruction[] => [[RETURN, 0, 0, refuse(errno)]];

export type Architecture = keyof typeof ARCHITECTURES;

/** The filter for an architecture of Node's (`process.arch`). */
export const filterProgram = (architecture: Architecture): readonly Instruction[] => {
  const of = (numbers: Numbers): number | undefined => numbers[architecture === 'x64' ? 0 : 1];
  const opening = (index: number): readonly Instruction[] => [
    [LOAD, 0, 0, argumentAt(index)],
    [JUMP_ANY_BIT, 0, 1, WRITES],
    [RETURN, 0, 0, refuse(EACCES)],
    [RETURN, 0, 0, ALLOW],
  ];
  const cloning: readonly Instruction[] = [
    [LOAD, 0, 0, argumentAt(0)],
    [JUMP_ANY_BIT, 1, 0, CLONE_THREAD],
    [RETURN, 0, 0, refuse(EPERM)],
    [RETURN, 0, 0, ALLOW],
  ];
  return [
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [JUMP_EQUAL, 1, 0, ARCHITECTURES[architecture]],
    [RETURN, 0, 0, refuse(EPERM)],
    [LOAD, 0, 0, NUMBER_AT],
    ...(architecture === 'x64' ? ([[JUMP_AT_LEAST, 0, 1, X32_BIT], ...always(EPERM)] as const) : []),
    ...Object.values(REFUSED).flatMap((numbers) => where(of(numbers), always(EPERM))),
    ...Object.values(UNKNOWN).flatMap((numbers) => where(of(numbers), always(ENOSYS))),
    ...where(of(OPEN), opening(1)),
    ...where(of(OPENAT), opening(2)),
    ...where(of(CLONE), cloning),
    [RETURN, 0, 0, ALLOW],
  ];
};

/** As an array of struct sock_filter, in the machine's order, which is little-endian wherever there is a program. */
const encode = (program: readonly Instruction[]): Buffer => {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value, 8 * index + 4);
  });
  return bytes;
};

/**
 * Prepares what the receiver can do no more as another user, finding files, and gives what confines it. Both throw an Error:
 * where koffi or the C library is not to be had or the architecture has no filter, and where the kernel refuses.
 */
export const prepareConfinement = async (): Promise<() => void> => {
  const { arch } = process;
  if (arch !== 'x64' && arch !== 'arm64') throw new Error(`there is no filter for ${arch}`);
  const { default: koffi } = await import('koffi');
  const library = koffi.load('libc.so.6');
  const prctl = library.func('int prctl(int option, ulong on, ulong b, ulong c, ulong d)');
  const program = koffi.struct({ length: 'uint16_t', filter: 'void *' });
  const syscall = library.func('syscall', 'long', ['long', 'ulong', 'ulong', koffi.pointer(program)]);
  const number = SECCOMP[arch === 'x64' ? 0 : 1];
  const instructions = filterProgram(arch);
  const filter = { length: instructions.length, filter: encode(instructions) };
  return () => {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error(`no_new_privs: error ${String(koffi.errno())}`);
    const result = Number(syscall(number, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, filter));
    if (result < 0) throw new Error(`seccomp: error ${String(koffi.errno())}`);
    if (result > 0) throw new Error('seccomp: a thread has a filter of its own');
  };
};
