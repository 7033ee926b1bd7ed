/** Users and groups by the text of a passwd(5) or group(5) file. */

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The first user of this name; undefined where there is none, or its row has no numbers. */
export const accountIn = (file: string, name: string): Account | undefined => {
  const row = rowIn(file, name);
  const [uid, gid] = [numberOf(row?.[2]), numberOf(row?.[3])];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
};

/** The fields of the first row of this name; undefined where there is none. */
export const rowIn = (file: string, name: string): readonly string[] | undefined =>
  file
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
