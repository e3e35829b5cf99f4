/** A request whose body comes in the smallest parts. What a server reads of it at once takes it some 20 ms. */
export const IN_SMALL_PARTS = [
  'POST /graphql HTTP/1.1',
  'Host: x',
  'Content-Type: application/json',
  'Transfer-Encoding: chunked',
  '',
  '1\r\nx\r\n'.repeat(9_900),
].join('\r\n');
