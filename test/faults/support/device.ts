import { setTimeout as delay } from 'node:timers/promises';
import { newEmail, PASSWORD, type Tokens } from '../../support/accounts.js';
import type { CallOptions, GraphQLAnswer } from '../../support/graphql-client.js';
import { type Entry, type History, outcomeOf } from './history.js';

const PAYLOAD = '... on AuthPayload { accessToken refreshToken session { id } }';
const SIGNUP = `mutation ($input: SignupInput!) { answer: signup(input: $input) { ${PAYLOAD} } }`;
const LOGIN = `mutation ($input: LoginInput!) { answer: login(input: $input) { ${PAYLOAD} } }`;
const REFRESH = `mutation ($input: RefreshInput) { answer: refresh(input: $input) { ${PAYLOAD} } }`;

type Payload = Tokens & { session: { id: string } };
type Call = <T>(query: string, variables: Record<string, unknown>, options: CallOptions) => Promise<GraphQLAnswer<T>>;

/** A pause between two attempts of a client whose server does not answer. */
const PATIENCE_MS = 25;
/** Sessions that ended, whose tokens are tried again and again. */
const GRAVES = 20;

/**
 * An honest client: it signs up, logs in, refreshes, asks and logs out, at random and without a pause, tries again whatever
 * it got no answer to, and now and then presents tokens that it knows to be dead.
 */
export class Device {
  private email = newEmail();
  private hasAccount = false;
  private session: { id: string; tokens: Tokens; parent?: string; isLeaving: boolean } | undefined;
  private readonly graves: { id: string; tokens: Tokens }[] = [];

  constructor(
    private readonly history: History,
    private readonly call: Call,
    private readonly random: () => number = Math.random,
  ) {}

  get hasEntered(): boolean {
    return this.hasAccount;
  }

  async liveUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isAnswered = await this.act();
      if (!isAnswered) await delay(PATIENCE_MS);
    }
  }

  /** Presents every dead token once more, and finds out whether the living one lives. */
  async takeStock(): Promise<void> {
    for (const grave of this.graves) await this.haunt(grave);
    if (!this.session) return;
    await this.ask(this.session.id, this.session.tokens);
    await this.refresh();
  }

  /** @returns false when there was no answer */
  private act(): Promise<boolean> {
    if (!this.session) return this.enter();
    if (this.session.isLeaving) return this.leave();
    const dice = this.random();
    const grave = this.graves[Math.floor(this.random() * this.graves.length)];
    if (dice < 0.1 && grave) return this.haunt(grave);
    if (dice < 0.35) return this.ask(this.session.id, this.session.tokens);
    if (dice < 0.45 && this.session.parent !== undefined) return this.present(this.session.parent, false);
    return dice < 0.9 ? this.refresh() : this.leave();
  }

  private async enter(): Promise<boolean> {
    const isNew = !this.hasAccount;
    const input = { email: this.email, password: PASSWORD };
    const { payload, outcome, told } = await this.send(isNew ? SIGNUP : LOGIN, { input });
    // The answer that got lost was the one that made the account.
    if (told === 'EMAIL_TAKEN') this.hasAccount = true;
    else if (outcome === 'refused' || outcome === 'fault')
      this.record({ session: this.email, operation: 'login', outcome, ...(told && { told }) });
    if (!payload) return outcome !== 'unknown';
    this.hasAccount = true;
    this.session = { id: payload.session.id, tokens: payload, isLeaving: false };
    return true;
  }

  private async ask(session: string, { accessToken }: Tokens): Promise<boolean> {
    const { outcome, told } = await this.send('{ answer: me { id } }', {}, accessToken);
    this.record({ session, operation: 'me', outcome, ...(told && { told }) });
    return outcome !== 'unknown';
  }

  private refresh(): Promise<boolean> {
    return this.present(this.session?.tokens.refreshToken ?? '', true);
  }

  /** @param isCurrent false for the parent of the current token, whose answer has to be the current one */
  private async present(refreshToken: string, isCurrent: boolean): Promise<boolean> {
    const { session } = this;
    if (!session) return true;
    const { payload, outcome, told } = await this.send(REFRESH, { input: { refreshToken } });
    const received = payload && { received: payload.refreshToken };
    this.record({
      session: session.id,
      operation: 'refresh',
      outcome,
      presented: refreshToken,
      ...received,
      ...(told && { told }),
    });
    if (payload && isCurrent) {
      session.tokens = payload;
      session.parent = refreshToken;
    }
    // The current token may have been used up: from now on its parent would be an old one.
    if (isCurrent && outcome === 'unknown') delete session.parent;
    return outcome !== 'unknown';
  }

  private async leave(): Promise<boolean> {
    const { session } = this;
    if (!session) return true;
    const { accessToken, refreshToken } = session.tokens;
    const input = this.random() < 0.5 ? { refreshToken } : {};
    const { outcome, told } = await this.send(
      'mutation ($input: LogoutInput) { answer: logout(input: $input) }',
      { input },
      accessToken,
    );
    this.record({ session: session.id, operation: 'logout', outcome, ...(told && { told }) });
    session.isLeaving = true;
    if (outcome !== 'ok') return outcome !== 'unknown';
    this.graves.push({ id: session.id, tokens: session.tokens });
    if (this.graves.length > GRAVES) this.graves.shift();
    this.session = undefined;
    return true;
  }

  private async haunt({ id, tokens }: { id: string; tokens: Tokens }): Promise<boolean> {
    if (this.random() < 0.5) return this.ask(id, tokens);
    const { outcome, told } = await this.send(REFRESH, { input: { refreshToken: tokens.refreshToken } });
    this.record({ session: id, operation: 'refresh', outcome, ...(told && { told }) });
    return outcome !== 'unknown';
  }

  private async send(query: string, variables: Record<string, unknown>, token?: string) {
    try {
      const answer = await this.call<{ answer?: Payload }>(query, variables, { token });
      return { ...outcomeOf(answer), payload: answer.data?.answer };
    } catch (error) {
      // The connection broke, or what came was no answer at all.
      return { outcome: 'unknown' as const, told: String(error), payload: undefined };
    }
  }

  private record(entry: Entry): void {
    this.history.add(entry);
  }
}
