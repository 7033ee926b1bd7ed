/** An address on the pipes between receiver and authorizer: its family (1 byte), 0 for none, and its 4 or 16 bytes. */
import { addressFromBytes, type IpAddress } from '../base/address.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';

/** How many bytes {@link putAddress} writes. */
export const addressLength = (address: IpAddress | undefined): number => 1 + (address?.bytes.length ?? 0);

export const putAddress = (writer: ByteWriter, address: IpAddress | undefined): void => {
  writer.u8(address?.family ?? 0);
  if (address !== undefined) writer.put(address.bytes);
};

/** Undefined where there is none; `bad` for another family, and for an IPv4 address in the clothes of IPv6. */
export const takeAddress = (reader: ByteReader): IpAddress | undefined | 'bad' => {
  const family = reader.u8();
  if (family === 0) return undefined;
  if (family !== 4 && family !== 6) return 'bad';
  const address = addressFromBytes(reader.take(family === 4 ? 4 : 16));
  return address.family === family ? address : 'bad';
};
