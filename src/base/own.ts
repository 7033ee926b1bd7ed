/**
 * What a table itself holds under a name that comes from outside: nothing of what every object inherits, as it would for
 * `constructor`.
 */
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
