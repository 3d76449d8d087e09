// How an application stays: what it follows, whether it is hidden, what is kept of it, and how it goes.
import type { Application, SourceKind } from './application.ts';
import type { KeptApplication } from './kept-applications.ts';
import type { Lingering } from './recorder.ts';
import { EVERY, type Source, type Sources } from './sources.ts';

export class KnownApplication {
  readonly application: Application;
  /** It follows everything because `subscribeAll` said so. */
  hasAll = false;
  /** It has gone, but for those who resume. */
  isHidden = false;
  #callOff = (): void => undefined;

  constructor(application: Application) {
    this.application = application;
  }

  follow(source: Source): void {
    const { application } = this;
    application.subscribe(source.kind, keyOf(source), () => source.follow(application.topic));
  }

  followAll(sources: Sources): void {
    this.hasAll = true;
    for (const source of sources.all()) this.follow(source);
  }

  /** It is known again: to someone who resumes as it was, to anyone else as if it were new. */
  takeUp(resumes: boolean): void {
    this.stopLingering();
    if (resumes) this.hasAll = this.application.unveil() || this.hasAll;
    else if (this.isHidden) this.application.startAfresh();
    else this.application.unfollow();
    if (!resumes && this.isHidden) this.hasAll = false;
    this.isHidden = false;
  }

  /** What `subscribeAll` made ends, for everyone to see. Says whether there was any. */
  veil(): boolean {
    const hadAll = this.hasAll;
    if (hadAll) this.application.veil();
    this.hasAll = false;
    return hadAll;
  }

  /** When its time is over, what was veiled ends; and if it is hidden, it. */
  linger({ lingers, after }: Lingering, end: () => void): void {
    this.stopLingering();
    const over = (): void => (this.isHidden ? end() : this.application.unfollow());
    if (lingers === 0) over();
    else this.#callOff = after(lingers, over);
  }

  stopLingering(): void {
    this.#callOff();
    this.#callOff = () => undefined;
  }

  /** What is to be kept of it. Channels and bridges do not outlive the process. */
  keep(): KeptApplication {
    const { isPersistent, filter } = this.application;
    const sources = (Object.keys(EVERY) as SourceKind[]).flatMap((kind) =>
      this.application
        .counts(kind)
        .filter(([id]) => (kind !== 'channel' && kind !== 'bridge') || id === EVERY[kind])
        .map(([id, count]) => [`${kind}:${id === EVERY[kind] ? '' : id}`, count] as const),
    );
    return { persistent: isPersistent, all: this.hasAll, sources, filter };
  }

  /** The reverse. `log` is told of subscriptions that lead nowhere any more. */
  restore({ persistent, all, sources: kept, filter }: KeptApplication, sources: Sources, log: (text: string) => void) {
    const { application } = this;
    for (const [text, count] of kept) {
      const source = sources.parse(text);
      if (source.exists) for (let each = 0; each < count; each += 1) this.follow(source);
      else log(`the application ${application.name} no longer follows ${text}, which does not exist`);
    }
    application.filter = filter;
    application.isPersistent = persistent;
    this.hasAll = all;
  }
}

/** The id under which an application keeps a source. */
export const keyOf = ({ kind, id }: Source): string => (id === '' ? EVERY[kind] : id);
