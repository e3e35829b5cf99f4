/** PostgreSQL's texts have no NUL, and UTF-8 has no half of a surrogate pair: nothing that has one is in the database. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();
