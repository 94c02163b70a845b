/** What the admin route `fenergo/webhooks/:id` answers. */
interface Overview {
  httpNodeAuth: boolean;
  running?: Running;
}

interface Running {
  problem?: string;
  url?: string;
  instance?: { count: number; path: string };
  taken: number;
  refused: Record<string, number>;
  deliveries: { at: string; status: number; refusal?: string; count: number; eventTypes: string[] }[];
  registration?: { state: string; message?: string; againInSeconds?: number };
}

/** What `fenergo/webhooks/:id/platform` answers. */
interface Platform {
  ok: boolean;
  message?: string;
  status?: string;
  deliveries?: Attempt[];
}

interface Attempt {
  when?: string;
  status?: string;
  httpStatusCode?: number | null;
}

interface Outcome {
  ok: boolean;
  message?: string;
  delivery?: Attempt;
}

type Button = 'test' | 'enable' | 'remove';
/** What a press of the button `enable` is for. */
type Enabling = 'enable' | 'resend';

const COLOURS: Record<string, string> = {
  Enabled: 'green',
  Retrying: 'yellow',
  SystemDisabled: 'red',
  UserDisabled: 'grey',
};
/** What a delivery with a wrong signature is answered with. */
const UNSIGNED = 401;
/** What is listed of either side's deliveries. */
const MOST_SHOWN = 5;

/** What came of a webhook as it is deployed: here, and in Fenergo; and the buttons for the latter. */
export class WebhookPanel {
  readonly #node: { id: string; _: Translate };
  readonly #here = $('#fenergo-webhook-here');
  readonly #there = $('#fenergo-webhook-there');
  readonly #buttons = $('#fenergo-webhook-buttons');
  readonly #outcome = $('#fenergo-webhook-outcome');
  readonly #confirm = $('#fenergo-webhook-confirm');

  #enabling: Enabling = 'enable';

  constructor(node: { id: string; _: Translate }) {
    this.#node = node;
    this.#buttons.hide();
    this.#confirm.hide();
    const press = (id: string, button: Button) =>
      $(`#fenergo-webhook-${id}`).on('click', () => void this.#press(button));
    press('test', 'test');
    press('enable', 'enable');
    press('remove-yes', 'remove');
    $('#fenergo-webhook-remove').on('click', () => {
      this.#confirm.show();
      $('#fenergo-webhook-remove-no').trigger('focus');
    });
    $('#fenergo-webhook-remove-no').on('click', () => this.#confirm.hide());
    $('#fenergo-webhook-refresh').on('click', () => void this.refresh());
  }

  /** Asks anew. */
  async refresh(): Promise<void> {
    try {
      const { httpNodeAuth, running }: Overview = await $.getJSON(this.#url());
      $('#fenergo-webhook-auth').toggle(httpNodeAuth);
      this.#showHere(running);
      await this.#lookThere(running);
    } catch (error) {
      this.#here.text(this.#failure(error));
    }
  }

  #url(what = ''): string {
    return `fenergo/webhooks/${encodeURIComponent(this.#node.id)}${what}`;
  }

  #showHere(running: Running | undefined): void {
    const { _ } = this.#node;
    this.#here.empty();
    if (!running) {
      this.#here.text(_('panel.notRunning'));
      return;
    }
    const { problem, instance, taken, refused, deliveries } = running;
    if (instance) this.#here.append($('<div>').text(_('panel.instances', instance)));
    if (problem) this.#here.append($('<div class="fenergo-problem">').text(problem));
    const counts = Object.entries(refused).map(([status, count]) => `${status} × ${count}`);
    const text =
      counts.length > 0
        ? _('panel.counts', { taken, refused: counts.join(', ') })
        : _('panel.taken', { taken });
    this.#here.append($('<div>').text(text));
    const rows = deliveries.map(({ at, status, refusal, count, eventTypes }) => ({
      at,
      status: String(status),
      failed: status >= 400,
      text: refusal ? _(`refusal.${refusal}`) : _('panel.brought', { count, types: eventTypes.join(', ') }),
    }));
    this.#here.append(table(rows));
  }

  async #lookThere(running: Running | undefined): Promise<void> {
    const { _ } = this.#node;
    const registration = running?.registration;
    this.#there.empty().toggle(registration !== undefined);
    this.#buttons.toggle(registration !== undefined);
    if (!registration) return;
    const { state, message = '', againInSeconds: seconds } = registration;
    if (state === 'failed') {
      const again = seconds === undefined ? '' : ` ${_('panel.again', { seconds })}`;
      this.#there.append($('<div class="fenergo-problem">').text(message + again));
    } else if (state === 'registering') {
      this.#there.text(_('panel.registering'));
    }
    const platform: Platform = await $.getJSON(this.#url('/platform'));
    this.#showThere(platform);
    this.#offerEnabling(platform, isUnsigned(running?.deliveries ?? []));
  }

  #showThere({ ok, message, status = '', deliveries = [] }: Platform): void {
    const { _ } = this.#node;
    for (const button of ['test', 'enable', 'remove']) $(`#fenergo-webhook-${button}`).prop('disabled', !ok);
    if (!ok) {
      // Why it could not be registered is said already.
      if (this.#there.children().length === 0) this.#there.empty().text(message ?? '');
      return;
    }
    const known = status in COLOURS;
    const dot = $(`<span class="fenergo-dot fenergo-dot-${COLOURS[status] ?? 'grey'}">`);
    const words = known ? _(`platform.${status}`) : status;
    this.#there.append($('<div class="fenergo-webhook-platform">').append(dot, $('<span>').text(words)));
    const rows = deliveries.map(({ when = '', status: how = '', httpStatusCode }) => ({
      at: when,
      status: httpStatusCode ? String(httpStatusCode) : '–',
      failed: how !== 'Successful',
      text: how,
    }));
    this.#there.append(table(rows));
  }

  /** An enabled webhook needs enabling no more; but where signatures were wrong, the secret there may be another. */
  #offerEnabling({ ok, status }: Platform, unsigned: boolean): void {
    const isOn = status === 'Enabled' || status === 'Retrying';
    this.#enabling = isOn && unsigned ? 'resend' : 'enable';
    const { _ } = this.#node;
    const isIdle = status === 'Enabled' && !unsigned;
    const button = $('#fenergo-webhook-enable').prop('disabled', !ok || isIdle);
    button.find('span').text(_(`button.${this.#enabling}`));
    button.attr('title', this.#enabling === 'resend' ? _('hint.resend') : '');
  }

  async #press(button: Button): Promise<void> {
    const { _ } = this.#node;
    this.#confirm.hide();
    const what = button === 'enable' ? this.#enabling : button;
    this.#say('', _(`panel.doing.${what}`));
    const buttons = this.#buttons.find('button').prop('disabled', true);
    try {
      const outcome = await $.ajax({ method: 'POST', url: this.#url(`/${button}`), dataType: 'json' });
      this.#tell(what, outcome as Outcome);
    } catch (error) {
      this.#say('failed', this.#failure(error));
    }
    buttons.prop('disabled', false);
    await this.refresh();
  }

  #tell(button: Button | Enabling, { ok, message = '', delivery }: Outcome): void {
    const { _ } = this.#node;
    if (!ok) this.#say('failed', message);
    else if (button !== 'test') this.#say('ok', _(`panel.done.${button}`));
    else if (delivery?.status === 'Successful') this.#say('ok', _('panel.done.test'));
    else {
      const status = delivery?.httpStatusCode;
      if (status) this.#say('failed', _('panel.testRefused', { status }));
      else this.#say('failed', _('panel.testUnreachable'));
    }
  }

  #say(kind: '' | 'ok' | 'failed', text: string): void {
    this.#outcome.removeClass('fenergo-ok fenergo-failed').toggleClass(`fenergo-${kind}`, kind !== '');
    this.#outcome.text(text);
  }

  #failure(error: unknown): string {
    const { status } = error as JQuery.jqXHR;
    const { _ } = this.#node;
    if (status === 401 || status === 403) return _('panel.notAllowed');
    return status ? _('panel.status', { status }) : _('panel.unreachable');
  }
}

function table(rows: { at: string; status: string; failed: boolean; text: string }[]): JQuery {
  const list = $('<ul class="fenergo-webhook-deliveries">');
  for (const { at, status, failed, text } of rows.slice(0, MOST_SHOWN)) {
    $('<li>')
      .append(
        $('<span class="fenergo-webhook-time">').text(timeOf(at)).attr('title', at),
        $('<span class="fenergo-webhook-status">').text(status).toggleClass('fenergo-failed', failed),
        $('<span class="fenergo-webhook-what">').text(text),
      )
      .appendTo(list);
  }
  return list;
}

/** In words of where the browser is: the time of today, else the date with it. */
function timeOf(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}

/** Whether signatures are wrong now: deliveries are newest first, and one that was taken shows that they are right again. */
function isUnsigned(deliveries: readonly { status: number }[]): boolean {
  return deliveries.find(({ status }) => status < 400 || status === UNSIGNED)?.status === UNSIGNED;
}
