// The API's documents, all made from the declarations: what is served, and what stands in api-docs/.
import type { Resource } from '../resource.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';
import { swaggerIndex, swaggerResource } from './swagger.ts';

export class ApiDocuments {
  readonly openApi: object;
  readonly #swagger: ReadonlyMap<string, (basePath: string | undefined) => object>;
  readonly #others: ReadonlyMap<string, object>;

  constructor(resources: readonly Resource[]) {
    this.openApi = openApi(resources);
    this.#others = new Map([
      ['openapi.json', this.openApi],
      ['asyncapi.json', asyncApi()],
    ]);
    this.#swagger = new Map<string, (basePath: string | undefined) => object>([
      ['resources.json', (basePath) => swaggerIndex(resources, basePath)],
      ...resources.map((resource): [string, (basePath: string | undefined) => object] => [
        `${resource.name}.json`,
        (basePath) => swaggerResource(resource, basePath),
      ]),
    ]);
  }

  /** By its file name. Old clients need an absolute base path, which only the Host header of their request tells. */
  find(name: string, host: string | undefined): object | undefined {
    return this.#swagger.get(name)?.(host === undefined ? undefined : `http://${host}/ari`) ?? this.#others.get(name);
  }

  /** All files by name, as they are for a server on this machine. */
  files(): Map<string, object> {
    const names = [...this.#others.keys(), ...this.#swagger.keys()];
    return new Map(names.map((name) => [name, this.find(name, 'localhost:8088')!]));
  }
}
