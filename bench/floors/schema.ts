/** The part of the public schema that is measured. */
export const typeDefs = /* GraphQL */ `
  type User {
    id: ID!
    email: String!
    name: String
    createdAt: String!
    roles: [String!]!
    permissions: [String!]
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
  type UserConnection {
    nodes: [User!]!
    pageInfo: PageInfo!
  }
  type AuthPayload {
    accessToken: String
    refreshToken: String
    expiresIn: Int!
  }
  type EmailVerificationRequired {
    email: String!
  }
  union LoginResult = AuthPayload | EmailVerificationRequired
  input LoginInput {
    email: String!
    password: String!
  }
  input RefreshInput {
    refreshToken: String
  }
  type Query {
    me: User!
    users(first: Int): UserConnection!
  }
  type Mutation {
    login(input: LoginInput!): LoginResult!
    refresh(input: RefreshInput): AuthPayload!
  }
`;
