// The texts that are one application's own: what is added to its events, and what it is told of itself.
import type { Application } from '../core/application.ts';
import { applicationMember, closed, openText, type EventTexts, type WrittenEvent } from './event-text.ts';
import type { Loss, Notice } from './passing.ts';
import { momentJson } from './time.ts';

export interface OwnTextsOptions {
  readonly application: Application;
  readonly texts: EventTexts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class OwnTexts {
  /** What is added to every event, open at its end. */
  readonly added: Buffer;
  readonly #options: OwnTextsOptions;

  constructor(options: OwnTextsOptions) {
    this.added = applicationMember(options.application.name);
    this.#options = options;
  }

  /** That events were lost. */
  loss(loss: Loss): WrittenEvent {
    const { texts, now } = this.#options;
    return texts.write({ type: 'EventsLost', timestamp: momentJson(now()), ...loss });
  }

  /** The same, as a text that is open at its end. */
  lossText(loss: Loss): string {
    return openText(this.loss(loss), this.added);
  }

  /** An event for the WebSocket alone, which is not recorded. Nothing when the filter holds it back. */
  notice(type: Notice): string | undefined {
    const { application, texts, now } = this.#options;
    const written = texts.write({ type, timestamp: momentJson(now()) });
    return application.wants(written.event) ? closed(openText(written, this.added), undefined) : undefined;
  }
}
