import { isTyping } from './focus.js';
import { countOf, drawOutcome } from './outcome.js';
import {
  cancelUpdate,
  type ImportSummary,
  importContract,
  loadUpdate,
  nameOf,
  type Overview,
  type OwnContract,
  removeContract,
  startRefresh,
  type UpdateState,
} from './overview.js';
import { OwnContracts } from './own-contracts.js';

const ASK_AGAIN_MS = 500;
/** One question may get lost; a server that is gone answers none. */
const MOST_FAILURES = 5;

/** The part of the sidebar that tells of the catalog, and imports and refreshes it. */
export class CatalogSection {
  readonly #_: Translate;
  readonly #facts = $('<div class="fenergo-sidebar-facts">');
  readonly #own: OwnContracts;
  readonly #connection = $('<select>');
  readonly #refresh = $('<button type="button" class="red-ui-button red-ui-button-small">');
  readonly #import = $('<button type="button" class="red-ui-button red-ui-button-small">');
  readonly #file = $<HTMLInputElement>('<input type="file" multiple accept=".json,.yaml,.yml" hidden>');
  readonly #progress = $('<div class="fenergo-sidebar-progress" role="status" aria-live="polite">');
  readonly #outcome = $('<div class="fenergo-sidebar-outcome" role="status" aria-live="polite">');
  readonly #changed: () => void;
  #busy = false;
  #cancelled = false;
  /** Whether one may see what others do; taken for granted until the server says otherwise. */
  #mayFollow = true;

  /** @param changed told when the catalog is another one */
  constructor(container: JQuery, _: Translate, changed: () => void) {
    this.#_ = _;
    this.#changed = changed;
    this.#own = new OwnContracts(_, (contract) => void this.#remove(contract));
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
      this.#own.element,
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
    if (catalog.problem) this.#facts.append($('<p class="fenergo-failed">').text(catalog.problem));
    this.#own.draw(catalog.contracts);
    if (!isTyping(this.#connection.parent())) this.#fillConnections(connections);
    this.#showBusy(this.#busy);
    // Somebody else's, or one from before this page was loaded.
    if (catalog.updating && !this.#busy && this.#mayFollow) void this.#follow();
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
    await this.#follow('asked');
  }

  async #remove(contract: OwnContract): Promise<void> {
    this.#outcome.empty();
    try {
      await removeContract(contract);
      const { service, version } = contract;
      this.#outcome.append($('<p>').text(this.#_('sidebar.removed', { contract: `${service} ${version}` })));
    } catch (error) {
      this.#outcome.append($('<p class="fenergo-failed">').text(this.#reasonOf(error)));
    }
    this.#changed();
  }

  /**
   * Shows how far the update is that runs on the server, until its end.
   *
   * @param why whether this person has started it: nobody else needs to hear that they may not look
   */
  async #follow(why: 'asked' | 'seen' = 'seen'): Promise<void> {
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
        if (why === 'seen' && isForbidden(error)) return this.#lookAway();
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

  /** Leaves alone what others do. */
  #lookAway(): void {
    this.#mayFollow = false;
    this.#progress.empty();
    this.#showBusy(false);
  }

  #end(summary: ImportSummary, error?: string): void {
    this.#progress.empty();
    this.#showBusy(false);
    drawOutcome(this.#outcome, this.#_, summary, error);
    // The way back leads through the list of one's own contracts.
    if (countOf(summary, 'gone') > 0) this.#own.unfold();
    this.#changed();
  }

  #reasonOf(error: unknown): string {
    const { status, responseJSON } = error as JQuery.jqXHR;
    if (isForbidden(error)) return this.#_('sidebar.notAllowed');
    if (status === 409) return this.#_('sidebar.busy');
    if (status === 0) return this.#_('sidebar.unreachable');
    return responseJSON?.message ?? this.#_('sidebar.failed', { status });
  }
}

function isForbidden(error: unknown): boolean {
  return [401, 403].includes((error as JQuery.jqXHR).status);
}
