/** Big-endian fields at a place in bytes whose length has been checked; outside, they read as zero and never throw. */
export const u8At = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0;

export const u16At = (bytes: Uint8Array, offset: number): number =>
  (u8At(bytes, offset) << 8) | u8At(bytes, offset + 1);
