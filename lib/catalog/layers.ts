import { type Operation, shapeOfPath } from './operation.js';
import { expand, type StoredContract } from './stored.js';

/**
 * Every operation by its key: the bundled contracts, and laid over them the user's own. A contract stands for the whole
 * of its service and version, so what it no longer has counts as withdrawn; flows that call it still find it. An address
 * (method and path) belongs to one operation: a second one with it, in another version, is left out.
 *
 * @param bundled what came with this package
 * @param overlay what was imported or refreshed since
 */
export function layOver(
  bundled: readonly StoredContract[],
  overlay: readonly StoredContract[],
): Map<string, Operation> {
  const layers = new Layers();
  for (const contract of bundled) layers.add(contract);
  for (const contract of overlay) {
    layers.withdraw(contract);
    layers.add(contract);
  }
  return layers.operations;
}

/** What tells the operations of a service apart: method and path, whatever the parameters are called. */
export function addressOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${shapeOfPath(path).toLowerCase()}`;
}

class Layers {
  readonly operations = new Map<string, Operation>();
  readonly #keyOfAddress = new Map<string, string>();

  add(contract: StoredContract): void {
    for (const stored of contract.operations) {
      const operation = expand(contract, stored);
      const address = `${contract.service} ${addressOf(stored)}`;
      if (this.#keyOfAddress.has(address)) continue;
      this.#keyOfAddress.set(address, operation.key);
      this.operations.set(operation.key, operation);
    }
  }

  /** Marks the older operations that a contract speaks for, and makes room for those that it names again. */
  withdraw({ service, version, operations }: StoredContract): void {
    const present = new Set(operations.map(addressOf));
    for (const operation of [...this.operations.values()]) {
      if (operation.service !== service || operation.version !== version) continue;
      if (present.has(addressOf(operation))) this.operations.delete(operation.key);
      else this.operations.set(operation.key, { ...operation, withdrawn: true });
      this.#keyOfAddress.delete(`${service} ${addressOf(operation)}`);
    }
  }
}
