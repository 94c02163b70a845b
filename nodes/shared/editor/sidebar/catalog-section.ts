import { isTyping } from './focus.js';
import {
  cancelUpdate,
  type ImportSummary,
  importContract,
  loadUpdate,
  nameOf,
  type Overview,
  startRefresh,
  type UpdateState,
} from './overview.js';

const MOST_NAMES = 4;
const ASK_AGAIN_MS = 500;
/** One question may get lost; a server that is gone answers none. */
const MOST_FAILURES = 5;

/** The part of the sidebar that tells of the catalog, and imports and refreshes it. */
export class CatalogSection {
  readonly #_: Translate;
  readonly #facts = $('<div class="fenergo-sidebar-facts">');
  readonly #connection = $('<select>');
  readonly #refresh = $('<button type="button" class="red-ui-button red-ui-button-small">');
  readonly #import = $('<button type="button" class="red-ui-button red-ui-button-small">');
  readonly #file = $<HTMLInputElement>('<input type="file" multiple accept=".json,.yaml,.yml" hidden>');
  readonly #progress = $('<div class="fenergo-sidebar-progress" role="status" aria-live="polite">');
  readonly #outcome = $('<div class="fenergo-sidebar-outcome" role="status" aria-live="polite">');
  readonly #changed: () => void;
  #busy = false;
  #cancelled = false;

  /** @param changed told when the catalog is another one */
  constructor(container: JQuery, _: Translate, changed: () => void) {
    this.#_ = _;
    this.#changed = changed;
    this.#import.append(
      '<i class="fa fa-upload" aria-hidden="true"></i> ',
      $('<span>').text(_('sidebar.import')),
    );
    this.#refresh.append(
      '<i class="fa fa-refresh" aria-hidden="true"></i> ',
      $('<span>').text(_('sidebar.refresh')),
    );
    this.#connection.attr('aria-label', _('sidebar.refreshFrom'));
    this.#file.attr('aria-label', _('sidebar.import'));
    this.#import.on('click', () => this.#file.trigger('click'));
    this.#file.on('change', () => void this.#importFiles([...(this.#file[0]?.files ?? [])]));
    this.#refresh.on('click', () => void this.#refreshCatalog(String(this.#connection.val())));
    container.append(
      this.#facts,
      $('<div class="fenergo-sidebar-buttons">').append(this.#import, this.#file),
      $('<div class="fenergo-sidebar-buttons">').append(this.#refresh, this.#connection),
      this.#progress,
      this.#outcome,
    );
  }

  /** Shows what there is. */
  draw({ catalog, connections }: Overview): void {
    const _ = this.#_;
    this.#facts
      .empty()
      .append(
        $('<p>').text(_('sidebar.catalog', { operations: catalog.operations, services: catalog.services })),
      );
    const own = catalog.contracts;
    if (own.length > 0) {
      const latest =
        own
          .map(({ source }) => source.at)
          .sort()
          .at(-1) ?? '';
      const text = _('sidebar.own', { contracts: own.length, at: new Date(latest).toLocaleString() });
      this.#facts.append(
        $('<p>')
          .text(text)
          .attr('title', own.map(({ service, version }) => `${service} ${version}`).join('\n')),
      );
    }
    if (catalog.problem) this.#facts.append($('<p class="fenergo-failed">').text(catalog.problem));
    if (!isTyping(this.#connection.parent())) this.#fillConnections(connections);
    this.#showBusy(this.#busy);
    // Somebody else's, or one from before this page was loaded.
    if (catalog.updating && !this.#busy) void this.#follow();
  }

  #fillConnections(connections: Overview['connections']): void {
    const chosen = this.#connection.val();
    this.#connection.empty();
    for (const connection of connections) {
      this.#connection.append($('<option>').val(connection.id).text(nameOf(this.#_, connection)));
    }
    if (connections.some(({ id }) => id === chosen)) this.#connection.val(chosen as string);
  }

  #showBusy(busy: boolean): void {
    this.#busy = busy;
    this.#import.prop('disabled', busy);
    this.#refresh.prop('disabled', busy || this.#connection.children().length === 0);
  }

  /** One after another: each is read in a process of its own, and one that is broken does not keep out the others. */
  async #importFiles(files: File[]): Promise<void> {
    this.#file.val('');
    if (files.length === 0) return;
    const all: ImportSummary = { contracts: [], failed: [] };
    this.#begin();
    for (const [index, file] of files.entries()) {
      if (this.#cancelled) break;
      this.#showProgress(index, files.length, file.name);
      try {
        const { contracts, failed } = await importContract(file);
        all.contracts.push(...contracts);
        all.failed.push(...failed);
      } catch (error) {
        all.failed.push({ name: file.name, reason: this.#reasonOf(error) });
      }
    }
    this.#end(all);
  }

  async #refreshCatalog(connection: string): Promise<void> {
    this.#begin();
    try {
      await startRefresh(connection);
    } catch (error) {
      this.#end({ contracts: [], failed: [] }, this.#reasonOf(error));
      return;
    }
    await this.#follow();
  }

  /** Shows how far the update is that runs on the server, until its end. */
  async #follow(): Promise<void> {
    this.#showBusy(true);
    let failures = 0;
    for (;;) {
      try {
        const state = await loadUpdate();
        failures = 0;
        if (state.state !== 'running') {
          this.#end(state.summary ?? { contracts: [], failed: [] }, state.error?.message);
          return;
        }
        this.#showUpdate(state);
      } catch (error) {
        failures += 1;
        if (failures === MOST_FAILURES) {
          this.#end({ contracts: [], failed: [] }, this.#reasonOf(error));
          return;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  #showUpdate({ progress }: UpdateState): void {
    this.#showProgress(progress?.done ?? 0, progress?.total ?? 0, progress?.name ?? '');
  }

  #begin(): void {
    this.#cancelled = false;
    this.#outcome.empty();
    this.#showProgress(0, 0, '');
    this.#showBusy(true);
  }

  #showProgress(done: number, total: number, name: string): void {
    const bar = $('<progress>')
      .attr('max', total || null)
      .attr('value', total ? done : null);
    const text = total ? this.#_('sidebar.progress', { done, total, name }) : this.#_('sidebar.starting');
    const cancel = $('<button type="button" class="red-ui-button red-ui-button-small">').text(
      this.#_('sidebar.cancel'),
    );
    this.#progress.empty().append(
      bar.attr('aria-label', text),
      $('<div class="fenergo-sidebar-detail">').text(text),
      cancel.on('click', () => this.#cancel()),
    );
  }

  #cancel(): void {
    this.#cancelled = true;
    void cancelUpdate();
  }

  #end({ contracts, failed }: ImportSummary, error?: string): void {
    this.#progress.empty();
    this.#showBusy(false);
    const count = (list: 'added' | 'changed' | 'gone') =>
      contracts.reduce((sum, contract) => sum + contract[list].length, 0);
    const totals = {
      contracts: contracts.length,
      added: count('added'),
      changed: count('changed'),
      gone: count('gone'),
    };
    const outcome = this.#outcome.empty();
    if (error) outcome.append($('<p class="fenergo-failed">').text(error));
    if (contracts.length > 0)
      outcome.append($('<p>').append($('<b>').text(this.#_('sidebar.summary', totals))));
    for (const { name, reason } of failed)
      outcome.append($('<p class="fenergo-failed">').text(`${name}: ${reason}`));
    for (const contract of contracts) outcome.append(...this.#changes(contract));
    this.#changed();
  }

  #changes({ service, version, added, changed, gone, notes }: ImportSummary['contracts'][number]): JQuery[] {
    const lines = Object.entries({ added, changed, gone })
      .filter(([, ids]) => ids.length > 0)
      .map(([what, ids]) => this.#_(`sidebar.${what}`, { names: named(ids) }));
    if (lines.length + notes.length === 0) return [];
    const title = $('<div>').append($('<b>').text(`${service} ${version}`));
    return [
      title,
      ...[...lines, ...notes].map((line) => $('<div class="fenergo-sidebar-detail">').text(line)),
    ];
  }

  #reasonOf(error: unknown): string {
    const { status, responseJSON } = error as JQuery.jqXHR;
    if (status === 401 || status === 403) return this.#_('sidebar.notAllowed');
    if (status === 409) return this.#_('sidebar.busy');
    if (status === 0) return this.#_('sidebar.unreachable');
    return responseJSON?.message ?? this.#_('sidebar.failed', { status });
  }
}

function named(ids: string[]): string {
  const rest = ids.length - MOST_NAMES;
  return ids.slice(0, MOST_NAMES).join(', ') + (rest > 0 ? ` +${rest}` : '');
}
