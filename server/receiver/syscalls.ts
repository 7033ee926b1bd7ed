/**
 * What the receiver never asks the kernel for once it captures, by number: of x86_64 (arch/x86/entry/syscalls/syscall_64.tbl)
 * and of arm64 (include/uapi/asm-generic/unistd.h). Where an architecture lacks one, its number is left out.
 */
export type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/** Programs, processes, and reaching into those of others. Threads are another matter: Node starts some late. */
const PROCESSES = {
  execve: [59, 221],
  execveat: [322, 281],
  fork: [57, undefined],
  vfork: [58, undefined],
  kill: [62, 129],
  tkill: [200, 130],
  rt_sigqueueinfo: [129, 138],
  rt_tgsigqueueinfo: [297, 240],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
} as const satisfies Record<string, Numbers>;

/** Sockets beyond those that are there; what those take and send, and whom they accept, stays. */
const SOCKETS = {
  socket: [41, 198],
  socketpair: [53, 199],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
} as const satisfies Record<string, Numbers>;

/** Whatever changes a file system, but for opening to write: that depends on an argument. */
const FILES = {
  creat: [85, undefined],
  mkdir: [83, undefined],
  mkdirat: [258, 34],
  mknod: [133, undefined],
  mknodat: [259, 33],
  rmdir: [84, undefined],
  unlink: [87, undefined],
  unlinkat: [263, 35],
  rename: [82, undefined],
  renameat: [264, 38],
  renameat2: [316, 276],
  link: [86, undefined],
  linkat: [265, 37],
  symlink: [88, undefined],
  symlinkat: [266, 36],
  truncate: [76, 45],
  ftruncate: [77, 46],
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  chown: [92, undefined],
  lchown: [94, undefined],
  fchown: [93, 55],
  fchownat: [260, 54],
  utime: [132, undefined],
  utimes: [235, undefined],
  futimesat: [261, undefined],
  utimensat: [280, 88],
  setxattr: [188, 5],
  lsetxattr: [189, 6],
  fsetxattr: [190, 7],
  removexattr: [197, 14],
  lremovexattr: [198, 15],
  fremovexattr: [199, 16],
  open_by_handle_at: [304, 265],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  shmget: [29, 194],
  shmat: [30, 196],
  msgget: [68, 186],
  semget: [64, 190],
} as const satisfies Record<string, Numbers>;

/** Parts of the kernel that an ordinary user reaches, and where many of its faults have been. */
const KERNEL = {
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  fsopen: [430, 430],
  open_tree: [428, 428],
  move_mount: [429, 429],
  personality: [135, 92],
} as const satisfies Record<string, Numbers>;

/** Refused with EPERM, whatever the arguments. */
export const REFUSED: Readonly<Record<string, Numbers>> = { ...PROCESSES, ...SOCKETS, ...FILES, ...KERNEL };

/** Refused with ENOSYS: their arguments are behind a pointer, and libc falls back to those whose are not. */
export const UNKNOWN: Readonly<Record<string, Numbers>> = { openat2: [437, 437], clone3: [435, 435] };

/** Judged by one argument. */
export const OPEN: Numbers = [2, undefined];
export const OPENAT: Numbers = [257, 56];
export const CLONE: Numbers = [56, 220];
/** With which the filter is set. */
export const SECCOMP: Numbers = [317, 277];
