import { loadOperations, loadServices, type OperationSummary } from './catalog.js';
import { splitKey } from './operation-key.js';

export interface PickerFields {
  service: JQuery;
  version: JQuery;
  /** The list of operations is the property: the value of an entry is the operation's key. */
  operation: JQuery;
}

/**
 * Three lists that lead to one operation. A saved key that the catalog does not know stays selected, marked as such;
 * so does any key while the catalog cannot be loaded.
 *
 * @param onChange told of every choice: the key, and the operation if the catalog has it
 * @param onError told when the catalog could not be loaded
 */
export class OperationPicker {
  readonly #node: { _: Translate };
  readonly #fields: PickerFields;
  readonly #onChange: (key: string, operation?: OperationSummary) => void;
  readonly #onError: () => void;
  #versions = new Map<string, string[]>();
  #operations: OperationSummary[] = [];
  /** Counts loads: the answer to an overtaken one is thrown away. */
  #load = 0;

  constructor(
    node: { _: Translate },
    fields: PickerFields,
    onChange: (key: string, operation?: OperationSummary) => void,
    onError: () => void,
  ) {
    this.#node = node;
    this.#fields = fields;
    this.#onChange = onChange;
    this.#onError = onError;
    fields.service.on('change', () => this.#chooseService(String(fields.service.val())));
    fields.version.on('change', () => this.#chooseVersion(String(fields.version.val())));
    fields.operation.on('change', () => this.#tell());
  }

  /** Shows a saved key at once and fills the lists as the catalog comes. */
  async start(key: string): Promise<void> {
    const { service, version, id } = splitKey(key);
    const { operation } = this.#fields;
    fill(operation, key ? [{ value: key, label: id }] : [], this.#node._('catalog.chooseOperation'), key);
    try {
      for (const entry of await loadServices()) {
        this.#versions.set(
          entry.service,
          entry.versions.map(({ version: name }) => name),
        );
      }
      const services = [...this.#versions.keys()].map((value) => ({ value, label: value }));
      fill(
        this.#fields.service,
        this.#with(services, service),
        this.#node._('catalog.chooseService'),
        service,
      );
      this.#fillVersions(service, version);
      await this.#loadOperations(service, version, key);
    } catch {
      this.#onError();
    }
  }

  /** The chosen key, empty when there is none. */
  get key(): string {
    return String(this.#fields.operation.val() ?? '');
  }

  /** Chooses an operation of the catalog, as if by its three lists. */
  choose(key: string): void {
    const { service, version } = splitKey(key);
    this.#fields.service.val(service);
    this.#fillVersions(service, version);
    this.#reload(service, version, key);
  }

  #chooseService(service: string): void {
    const newest = this.#versions.get(service)?.at(-1) ?? '';
    this.#fillVersions(service, newest);
    this.#reload(service, newest, '');
  }

  #chooseVersion(version: string): void {
    const service = String(this.#fields.service.val());
    // The same operation of another version, if there is one.
    this.#reload(service, version, `${service}/${version}/${splitKey(this.key).id}`);
  }

  #reload(service: string, version: string, wish: string): void {
    fill(this.#fields.operation, [], this.#node._('catalog.loading'), '');
    this.#loadOperations(service, version, '', wish).catch(this.#onError);
  }

  #fillVersions(service: string, version: string): void {
    const versions = (this.#versions.get(service) ?? []).map((value) => ({ value, label: value }));
    fill(this.#fields.version, this.#with(versions, version), '', version);
  }

  /** @param keep key that stays, known or not; @param wish key that is chosen if it exists */
  async #loadOperations(service: string, version: string, keep: string, wish = keep): Promise<void> {
    const load = ++this.#load;
    const known = this.#versions.get(service)?.includes(version);
    const operations = known ? await loadOperations(service, version) : [];
    if (load !== this.#load) return;
    this.#operations = operations;
    const entries = operations
      .map(({ key, id, method }) => ({ value: key, label: `${id} — ${method}` }))
      .sort((a, b) => a.label.localeCompare(b.label));
    const exists = entries.some(({ value }) => value === wish);
    fill(
      this.#fields.operation,
      this.#with(entries, keep, splitKey(keep).id),
      this.#node._('catalog.chooseOperation'),
      exists ? wish : keep,
    );
    this.#tell();
  }

  #with(entries: Entry[], value: string, label = value): Entry[] {
    if (!value || entries.some((entry) => entry.value === value)) return entries;
    return [{ value, label: this.#node._('catalog.unknownEntry', { name: label }) }, ...entries];
  }

  #tell(): void {
    const { key } = this;
    this.#onChange(
      key,
      this.#operations.find((operation) => operation.key === key),
    );
  }
}

interface Entry {
  value: string;
  label: string;
}

/** @param invitation the empty entry on top; none when it is empty and there is something to choose */
function fill(select: JQuery, entries: Entry[], invitation: string, value: string): void {
  select.empty();
  if (invitation || entries.length === 0) select.append($('<option>').val('').text(invitation));
  for (const entry of entries) select.append($('<option>').val(entry.value).text(entry.label));
  select.val(value).prop('disabled', entries.length === 0);
}
