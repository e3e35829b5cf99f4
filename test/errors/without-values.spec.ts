import fc from 'fast-check';
import { buildSchema, GraphQLError, parse, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { withoutValues } from '../../src/graphql/without-values.js';

const schema = buildSchema(readFileSync(new URL('../../schema.gql', import.meta.url), 'utf8'));

/** All that GraphQL.js has to say about a document. */
function messagesOf(document: string): string[] {
  try {
    return validate(schema, parse(document)).map(({ message }) => message);
  } catch (error) {
    return error instanceof GraphQLError ? [error.message] : [];
  }
}

/** Honest documents, with every kind of literal, cut into their tokens. */
const DOCUMENTS = [
  'mutation M ( $in : LoginInput ! = { email : "a" , password : "b" } ) { login ( input : $in ) { __typename } }',
  'mutation { signup ( input : { email : "a" , password : "b" , transport : BODY } ) { ... on AuthPayload { expiresIn } } }',
  'mutation { logout ( input : { everywhere : true , refreshToken : null } ) a : revokeSession ( id : 5 ) }',
  'query Q ( $yes : Boolean = true ) { me @include ( if : $yes ) { id ...F } } fragment F on User { email }',
].map((document) => document.split(' '));

/** A secret in each way to write a value, well formed and broken. Names are no values: they stay in the messages. */
const literal = fc.oneof(
  fc.stringMatching(/^[a-z]{8,12}$/).chain((text) => {
    const secret = `canary${text}`;
    const forms = [`"${secret}"`, `"""${secret}"""`, `"${secret}`, `"""${secret}`, `'${secret}'`, `["${secret}"]`];
    return fc
      .constantFrom(...forms, `{ email: "${secret}" }`, `"\\u${secret}"`, `"\\q${secret}"`)
      .map(withSecret(secret));
  }),
  fc.stringMatching(/^9[0-9]{11}$/).chain((digits) => {
    return fc.constantFrom(digits, `-${digits}`, `${digits}.5`, `${digits}e3`, `${digits}x`).map(withSecret(digits));
  }),
);

function withSecret(secret: string) {
  return (written: string) => ({ secret, written });
}

describe('the messages of GraphQL.js', () => {
  it('hold no value, whatever stands where in a document', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...DOCUMENTS),
        literal,
        fc.nat(),
        fc.boolean(),
        (tokens, { secret, written }, at, insert) => {
          const document = tokens.toSpliced(at % (tokens.length + 1), insert ? 0 : 1, written).join(' ');
          for (const message of messagesOf(document)) expect(withoutValues(message)).not.toContain(secret);
        },
      ),
      { numRuns: 5_000 },
    ));

  it('hold no enum value that does not exist', () => {
    for (const literal of ['hunter2', '"hunter2"', '5']) {
      const document = `mutation { login(input: { email: "a", password: "b", transport: ${literal} }) { __typename } }`;
      expect(messagesOf(document).map(withoutValues).join()).toMatch(/^(?!.*hunter2).*"TokenTransport"/);
    }
  });

  it.each([
    ['{ you }', 'Cannot query field "you" on type "Query".'],
    ['{ me(x: 1) { id } }', 'Unknown argument "x" on field "Query.me".'],
    ['{ me { id @skip } }', 'Directive "@skip" argument "if" of type "Boolean!" is required, but it was not provided.'],
    [
      'mutation { revokeSession }',
      'Field "revokeSession" argument "id" of type "ID!" is required, but it was not provided.',
    ],
    ['mutation { revokeSession(id: 1.5) }', 'ID cannot represent a non-string and non-integer value.'],
    ['{ me { id } } 5', 'Syntax Error: Unexpected Int.'],
    ['{ me { id "secret"', 'Syntax Error: Expected Name, found String.'],
    ['{ me { id', 'Syntax Error: Expected Name, found <EOF>.'],
    ['{ me { id } ?', 'Syntax Error: Unexpected character.'],
  ])('keep what a developer needs: %s', (document, expected) => {
    expect(messagesOf(document).map(withoutValues)[0]).toBe(expected);
  });

  it('do not repeat the name of an operation that is not in the document', () => {
    expect(withoutValues('Unknown operation named "se: "cret".')).toBe('The document has no operation of this name.');
  });
});
