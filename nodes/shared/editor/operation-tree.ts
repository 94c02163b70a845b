import { loadOperations, loadServices, type OperationSummary, type ServiceSummary } from './catalog.js';
import { lifeBadge, methodBadge } from './operation-card.js';
import { inWords } from './operation-key.js';

interface Item {
  label?: string;
  element?: JQuery;
  icon?: string;
  /** Of an operation. */
  key?: string;
  children?: ((done: (items: Item[]) => void) => void) | Item[];
}

/**
 * All operations to browse: services, their versions, their operations; each level is loaded when it is opened.
 *
 * @param onChoose told the key of an operation that was clicked, or confirmed with Enter
 */
export class OperationTree {
  readonly #node: { _: Translate };
  readonly #panel: JQuery;
  readonly #onChoose: (key: string) => void;
  #tree: JQuery | undefined;
  #loaded = false;

  constructor(node: { _: Translate }, panel: JQuery, button: JQuery, onChoose: (key: string) => void) {
    this.#node = node;
    this.#panel = panel;
    this.#onChoose = onChoose;
    button.on('click', () => {
      const open = !panel.is(':visible');
      panel.toggle(open);
      button.attr('aria-expanded', String(open)).toggleClass('selected', open);
      if (open) void this.#open();
    });
  }

  async #open(): Promise<void> {
    this.#tree ??= this.#make();
    if (!this.#loaded) {
      const services = await Promise.resolve(loadServices()).catch(() => undefined);
      this.#loaded = services !== undefined;
      const items = services ? services.map((service) => this.#service(service)) : [this.#failed()];
      this.#tree.treeList('data', items);
    }
    this.#tree.trigger('focus');
  }

  #make(): JQuery {
    const tree = $('<div class="fenergo-tree">').attr('aria-label', this.#node._('label.browse'));
    const choose = (_: unknown, item: Item) => {
      if (item.key) this.#onChoose(item.key);
    };
    tree.appendTo(this.#panel).treeList({ data: [], autoSelect: false, selectable: true });
    return tree.on('treelistselect', choose as never).on('treelistconfirm', choose as never);
  }

  #failed(): Item {
    return { label: this.#node._('catalog.failed') };
  }

  #service({ service, versions }: ServiceSummary): Item {
    const [only] = versions;
    if (versions.length === 1 && only)
      return this.#version(service, only.version, `${service} ${only.version}`, only.operations);
    const all = versions.map(({ version, operations }) =>
      this.#version(service, version, version, operations),
    );
    const count = versions.reduce((sum, { operations }) => sum + operations, 0);
    return withChildren(folder(service, count), async () => all);
  }

  #version(service: string, version: string, name: string, count: number): Item {
    return withChildren(folder(name, count), async () => {
      const operations = await Promise.resolve(loadOperations(service, version)).catch(() => undefined);
      return operations?.sort(byName).map((operation) => this.#operation(operation)) ?? [this.#failed()];
    });
  }

  #operation(operation: OperationSummary): Item {
    const element = $('<span class="fenergo-tree-operation">').attr('title', operation.path);
    element.append(methodBadge(operation.method), $('<span>').text(inWords(operation.id)));
    const life = lifeBadge(this.#node, operation);
    if (life) element.append(life);
    return { element, key: operation.key };
  }
}

/** An item whose children are loaded when it is opened. */
function withChildren(element: JQuery, load: () => Promise<Item[]>): Item {
  const item: Item = { element };
  item.children = async (done) => {
    const children = await load();
    done(children);
    // The widget leaves the function there, and its keyboard then finds no children to go down to.
    item.children = children;
  };
  return item;
}

function folder(name: string, count: number): JQuery {
  return $('<span class="fenergo-tree-folder">').append(
    $('<span>').text(name),
    $('<span class="fenergo-tree-count">').text(count),
  );
}

function byName(a: OperationSummary, b: OperationSummary): number {
  return a.id.localeCompare(b.id);
}
