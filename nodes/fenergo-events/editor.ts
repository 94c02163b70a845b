import { Combobox } from '../shared/editor/combobox.js';
import { EventList } from '../shared/editor/event-list.js';
import {
  ALL_FEEDS,
  isEventType,
  isFeed,
  isKnownFeed,
  suggestFeeds,
} from '../shared/editor/event-suggestions.js';
import { isNumberFrom } from '../shared/editor/numbers.js';
import { isTenant, prepareTenant, tenantType } from '../shared/editor/tenant-field.js';
import { eventTypesOf } from '../shared/events/event-types.js';

interface EventsProperties {
  name: string;
  connection: string;
  tenant: string;
  tenantType: string;
  feed: string;
  eventTypes: string[];
  interval: number | string;
  emit: string;
  acknowledge: string;
  ackTimeout: number | string;
  duplicates: string;
  fetch: boolean;
}

type EventsNode = EditorNode<EventsProperties>;

/** The open dialog. */
let open: { id: string; events: EventList } | undefined;

/** What holds where an older or hand-written flow says nothing. */
const DEFAULTS = {
  feed: ALL_FEEDS,
  interval: '30',
  emit: 'each',
  acknowledge: 'auto',
  ackTimeout: '300',
  duplicates: 'drop',
};

function isSeconds(value: unknown): boolean {
  return isNumberFrom(value, Number.MIN_VALUE);
}

function text(value: unknown): string {
  return String(value ?? '').trim();
}

/** What the node is there for, in words: its name, its one event, its feed. */
function labelOf(node: EventsNode): string {
  if (node.name) return node.name;
  const [type = '', ...others] = eventTypesOf(node.eventTypes);
  if (type && type !== '*' && others.length === 0) {
    return type.endsWith(':*') ? node._('label.ofFeed', { feed: type.slice(0, -2) }) : type;
  }
  const feed = text(node.feed);
  return feed && feed !== ALL_FEEDS ? node._('label.ofFeed', { feed }) : node._('label.unnamed');
}

function fillIn(node: EventsNode): void {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (text(node[name as keyof typeof DEFAULTS]) === '') $(`#node-input-${name}`).val(value);
  }
  $('#node-input-fetch').prop('checked', String(node.fetch) === 'true');
}

function prepareFeed(node: EventsNode, events: EventList): void {
  const feed = $('#node-input-feed');
  new Combobox({
    input: feed,
    list: $('#fenergo-events-feeds'),
    suggest: (typed) => suggestFeeds(node, typed),
    onChoose: (value) => feed.val(value).trigger('change'),
  });
  const show = () => {
    const value = text(feed.val()) || ALL_FEEDS;
    const doubtful = isFeed(value) && !isKnownFeed(value);
    $('#fenergo-events-feed-problem').text(doubtful ? node._('problem.unlistedFeed', { feed: value }) : '');
    events.show();
  };
  feed.on('change input', show);
  show();
}

function prepareAcknowledge(): void {
  const acknowledge = $('#node-input-acknowledge');
  const show = () => $('.fenergo-events-manual').toggle(acknowledge.val() === 'manual');
  acknowledge.on('change', show);
  show();
}

RED.nodes.registerType<EventsProperties>('fenergo-events', {
  category: 'fenergo',
  color: '#8fc1c9',
  icon: 'fenergo.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: 'fenergo-config', required: true, label: 'connection' },
    tenant: {
      value: '',
      validate(value, _options) {
        const type = open?.id === this.id ? tenantType() : this.tenantType;
        return (type ?? 'str') !== 'str' || isTenant(value) ? true : this._('error.tenant');
      },
    },
    tenantType: { value: 'str' },
    feed: {
      value: ALL_FEEDS,
      validate(value, _options) {
        const feed = text(value) || ALL_FEEDS;
        return isFeed(feed) ? true : this._('error.feed');
      },
    },
    eventTypes: {
      value: [],
      validate(value, _options) {
        const wrong = eventTypesOf(value).find((type) => !isEventType(type));
        return wrong === undefined ? true : this._('problem.form', { type: wrong });
      },
    },
    interval: {
      value: 30,
      validate(value, _options) {
        return isSeconds(value ?? 30) ? true : this._('error.interval');
      },
    },
    emit: { value: 'each' },
    acknowledge: { value: 'auto' },
    ackTimeout: {
      value: 300,
      validate(value, _options) {
        return isSeconds(value ?? 300) ? true : this._('error.ackTimeout');
      },
    },
    duplicates: { value: 'drop' },
    fetch: { value: false },
  },
  paletteLabel: 'fenergo events',
  label() {
    return labelOf(this);
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  outputLabels() {
    return this.emit === 'batch' ? this._('label.outputBatch') : this._('label.output');
  },
  oneditprepare() {
    fillIn(this);
    prepareTenant(this, ['flow', 'global', 'env', 'jsonata']);
    const events = new EventList(this, {
      frame: $('#fenergo-events-types'),
      input: $('#fenergo-events-type'),
      list: $('#fenergo-events-suggestions'),
      problems: $('#fenergo-events-problems'),
      feed: () => text($('#node-input-feed').val()),
      onChange: (types) => $('#fenergo-events-others').toggle(types.length > 0 && !types.includes('*')),
    });
    events.set(eventTypesOf(this.eventTypes));
    prepareFeed(this, events);
    prepareAcknowledge();
    open = { id: this.id, events };
  },
  oneditsave() {
    if (open) this.eventTypes = open.events.save();
    open = undefined;
    const feed = $('#node-input-feed');
    feed.val(text(feed.val()) || ALL_FEEDS);
    // What is not shown must not keep the node from running.
    const ackTimeout = $('#node-input-ackTimeout');
    if ($('#node-input-acknowledge').val() !== 'manual' && !isSeconds(ackTimeout.val())) {
      ackTimeout.val(DEFAULTS.ackTimeout);
    }
  },
  oneditcancel() {
    open = undefined;
  },
  oneditdelete() {
    open = undefined;
  },
});
