import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { util } from '@node-red/util';
import type { EventMessage } from '../../lib/events/acknowledgement.js';

type Message = EventMessage & Record<string, unknown> & { _msgid?: string };
type Send = (msgs: Message | (Message | null | Message[])[]) => void;

const load = createRequire(__filename);
const types = new Map<string, new (config: object) => EventEmitter>();

/** As much of Node-RED as its sequence nodes need. */
const RED = {
  util,
  settings: {},
  nodes: {
    createNode: (node: EventEmitter) => EventEmitter.call(node),
    registerType: (type: string, make: new (config: object) => EventEmitter) => {
      Object.setPrototypeOf(make.prototype, EventEmitter.prototype);
      types.set(type, make);
    },
  },
  _: (key: string) => key,
};

for (const file of ['sequence/17-split', 'sequence/19-batch']) {
  load(`@node-red/nodes/core/${file}.js`)(RED);
}

/** Sends messages through a node of Node-RED's own, and gathers what it sends on, as Node-RED hands it over. */
export function through(type: 'split' | 'join' | 'batch', config: object, msgs: Message[]): Message[] {
  const make = types.get(type);
  if (!make) throw new Error(`${type} is not loaded`);
  const node = new make({ type, ...config });
  const sent: Message[] = [];
  const send: Send = (msg) => {
    for (const one of [msg].flat(2)) {
      if (!one) continue;
      one._msgid ??= util.generateId();
      sent.push(util.cloneMessage(one));
    }
  };
  const more = {
    send,
    warn: (text: string) => fail(text),
    error: (text: string) => fail(text),
    status: () => {},
  };
  Object.assign(node, more);
  for (const msg of msgs)
    node.emit('input', util.cloneMessage(msg), send, (error?: unknown) => error && fail(error));
  return sent;
}

function fail(problem: unknown): never {
  throw new Error(`The node complained: ${problem}`);
}
