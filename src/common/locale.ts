const MAX_LENGTH = 35;

/** A language tag of BCP 47 in its one spelling, or null for what is none. `*`, "any language", is none. */
export function canonicalLocale(tag: string | null | undefined): string | null {
  if (!tag || tag.length > MAX_LENGTH) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}
