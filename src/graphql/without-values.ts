/**
 * GraphQL.js quotes what the client sent in its messages: `String cannot represent a non string value: 12345`. That may
 * be a password, so the quoted value is cut out. Names of fields, types and variables stay: developers need them.
 */
export function withoutValues(message: string): string {
  return message
    .replace(/^(Syntax Error: Expected [^,]*), found (\w+).*$/su, '$1, found $2.')
    .replace(/^(Syntax Error: Unexpected (?:Name|String|Int|Float|BlockString)).*$/su, '$1.')
    .replace(/^(Syntax Error: (?:Unexpected|Invalid) character)(?!\.).*$/su, '$1.')
    .replace(/^(Syntax Error: Invalid (?:number|character escape sequence|Unicode escape sequence)).*$/su, '$1.')
    .replace(/^Unknown operation named .*$/su, 'The document has no operation of this name.')
    .replace(/(cannot represent [^:]*): .*$/su, '$1.')
    .replace(/^(Expected value of type "[^"]*"), found .*$/su, '$1.')
    .replace(/^(Value) .* (does not exist in "\w+" enum).*$/su, '$1 $2.');
}
