/** The names that stanzas, doors and grants by hand can have: one word of a section's head, and of a log line. */
export const isStanzaName = (text: string): boolean => /^[A-Za-z0-9._@-]{1,64}$/.test(text);
