// Our own hold on applications, for a WebSocket that we open: they are registered whether or not it is open.
import type { Application } from '../../core/application.ts';
import type { Applications, Registration, RegistrationOptions } from '../../core/applications.ts';

export class Hold {
  readonly #applications: Applications;
  readonly #apps: readonly string[];
  readonly #options: RegistrationOptions;
  #registrations: readonly Registration[] = [];

  constructor(applications: Applications, apps: readonly string[], options: RegistrationOptions) {
    this.#applications = applications;
    this.#apps = apps;
    this.#options = { ...options, types: [] };
  }

  /** Registers them; also when it was done before, since another may have taken them over. */
  take(): Map<string, Application> {
    const before = this.#registrations;
    this.#registrations = this.#apps.map((name) => this.#applications.register(name, () => undefined, this.#options));
    for (const each of before) each.close();
    return new Map(this.#registrations.map(({ application }) => [application.name, application]));
  }

  release(): void {
    for (const each of this.#registrations) each.close();
    this.#registrations = [];
  }
}
