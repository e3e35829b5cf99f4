/** PostgreSQL's texts have no NUL: nothing that has one is in the database. */
export const isStorable = (text: string): boolean => !text.includes('\0');
