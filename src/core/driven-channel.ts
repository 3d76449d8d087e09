// What can be done to a call on the wire, by its driver, and is told.
import { Fault } from '../errors.ts';
import type { Cache, Topic } from '../stasis/index.ts';
import { ChannelRecord } from './channel-record.ts';
import { caused, type ChannelSnapshot, type Fact, type Party, type TransferState } from './facts.ts';
import type { MediaLeg } from './media.ts';
import type { ChannelDriver, Direction, DtmfTiming, Muted } from './technology.ts';

/** What a far end that transfers its call wants, and what that concerns. */
export type Transfer = Pick<Extract<Fact, { type: 'TransferRequested' }>, 'target' | 'connected' | 'bridge'>;

const AUDIBLE: Muted = { in: false, out: false };

/** What its technology has no way to do fails with a Fault 'unsupported'; else a method fails as the driver does. */
export abstract class DrivenChannel extends ChannelRecord {
  abstract readonly isEnded: boolean;
  protected readonly driver: ChannelDriver;
  #muted = AUDIBLE;
  #transfer: Transfer | undefined;

  constructor(snapshot: ChannelSnapshot, topic: Topic<Fact>, cache: Cache<ChannelSnapshot>, driver: ChannelDriver) {
    super(snapshot, topic, cache);
    this.driver = driver;
  }

  /** What the far end has offered and nobody has answered yet, if it is to be answered by another party. */
  get offer(): string | undefined {
    return this.driver.offer;
  }

  /** Where it has media to be led. */
  get media(): MediaLeg | undefined {
    return this.driver.media;
  }

  /** For whoever carries its media. */
  get muted(): Muted {
    return this.#muted;
  }

  /** Who is at the other end has changed, which the far end is told where the technology can. */
  async updateConnected(connected: Party, operation?: string): Promise<void> {
    if (JSON.stringify(connected) === JSON.stringify(this.snapshot.connected)) return;
    this.change({ connected }, operation);
    await this.driver.setConnected?.(connected);
  }

  /** As `ChannelDriver.read`. */
  readTechnology(expression: string): string | undefined {
    return this.driver.read?.(expression);
  }

  /** As `ChannelDriver.write`. */
  writeTechnology(expression: string, value: string): boolean {
    return this.driver.write?.(expression, value) ?? false;
  }

  /** Resolves when the answer is on the wire; answering what is up already does nothing. `description` is as of the driver. */
  async answer(description?: string, operation?: string): Promise<void> {
    if (this.snapshot.state === 'Up') return;
    await this.driver.answer(description);
    // The far end may have gone meanwhile: then that has been told already.
    if (!this.isEnded) this.setState('Up', operation);
  }

  async ring(operation?: string): Promise<void> {
    await this.driver.ring();
    if (this.isEnded) return;
    this.topic.publish({ type: 'ChannelRung', channel: this.snapshot, ...caused(operation) });
  }

  async stopRinging(): Promise<void> {
    await this.driver.stopRinging();
  }

  /** There may be something to hear already. `description` is as of the driver. */
  async progress(description?: string): Promise<void> {
    await (this.driver.progress?.(description) ?? this.#unable('say that there is something to hear'));
  }

  /** As `ChannelDriver.sendDtmf`. A call that is not up yet is said to have something to hear first. */
  async sendDtmf(digits: string, timing: DtmfTiming): Promise<void> {
    if (this.driver.sendDtmf === undefined) return this.#unable('send keys');
    if (this.snapshot.state !== 'Up') await this.driver.progress?.();
    await this.driver.sendDtmf(digits, timing);
  }

  async hold(): Promise<void> {
    await (this.driver.hold?.() ?? this.#unable('hold a call'));
  }

  async unhold(): Promise<void> {
    await (this.driver.unhold?.() ?? this.#unable('hold a call'));
  }

  /** Muting what is muted changes nothing. */
  async mute(direction: Direction, isMuted: boolean): Promise<void> {
    const muted = {
      in: direction === 'out' ? this.#muted.in : isMuted,
      out: direction === 'in' ? this.#muted.out : isMuted,
    };
    if (muted.in === this.#muted.in && muted.out === this.#muted.out) return;
    await this.driver.setMuted?.(muted);
    this.#muted = muted;
  }

  /** As `ChannelDriver.redirect`. */
  async redirect(resource: string): Promise<void> {
    await (this.driver.redirect?.(resource) ?? this.#unable('redirect a call'));
  }

  /** The far end wants to transfer its call, and the application decides. */
  requestTransfer(transfer: Transfer): void {
    this.#transfer = transfer;
    this.topic.publish({ type: 'TransferRequested', channel: this.snapshot, ...transfer });
  }

  /** Tells the far end, and everyone, what becomes of the transfer. Fails with a Fault 'conflict' when none was asked for. */
  async transferProgress(state: TransferState, operation?: string): Promise<void> {
    const transfer = this.#transfer;
    if (transfer === undefined) throw new Fault('conflict', 'No transfer was asked for', { code: 'no-transfer' });
    await (this.driver.transferProgress?.(state) ?? this.#unable('transfer a call'));
    if (state !== 'channel_progress') this.#transfer = undefined;
    if (this.isEnded) return;
    this.topic.publish({
      type: 'TransferRequested',
      channel: this.snapshot,
      ...transfer,
      state,
      ...caused(operation),
    });
  }

  /** It leaves the application that was to decide. */
  protected abandonTransfer(operation?: string): void {
    const transfer = this.#transfer;
    if (transfer === undefined) return;
    this.#transfer = undefined;
    const state = 'channel_unavailable';
    this.driver.transferProgress?.(state).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
    });
    this.topic.publish({
      ...{ type: 'TransferRequested', channel: this.snapshot, ...transfer, state },
      ...caused(operation),
    });
  }

  #unable(what: string): never {
    const [technology] = this.snapshot.name.split('/');
    throw new Fault('unsupported', `${technology} has no way to ${what}`, { code: 'technology-unable' });
  }
}
