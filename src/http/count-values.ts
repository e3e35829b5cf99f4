const [QUOTE = 0, BACKSLASH = 0, LIST = 0, OBJECT = 0, COMMA = 0] = Buffer.from('"\\[{,');

/**
 * How many values JSON holds at most, by the signs before them. In the bytes, because it is for before they are parsed: none of these signs is a
 * part of a longer character of UTF-8. Of what is not JSON it counts what the parser comes to.
 */
export function countValues(json: Buffer): number {
  let values = 1;
  let isText = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    // The sign after it is none. Outside of a text the parser ends here.
    if (byte === BACKSLASH) index++;
    else if (byte === QUOTE) isText = !isText;
    else if (!isText && (byte === LIST || byte === OBJECT || byte === COMMA)) values++;
  }
  return values;
}
