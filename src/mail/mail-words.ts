const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Values as a person reads them, in the language of the mail. */
export const inWords = {
  /** "24 hours" is "1 day": the largest unit that leaves no rest. */
  duration(seconds: number, language: string): string {
    const [unit, size] = UNITS.find(([, it]) => seconds % it === 0) ?? UNITS[3];
    const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' });
    return format.format(seconds / size);
  },

  moment(date: Date, language: string): string {
    const style = { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' } as const;
    return new Intl.DateTimeFormat(language, style).format(date);
  },
};
