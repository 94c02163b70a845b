/** What the admin route `fenergo/test-connection` answers. */
type TestResult =
  | { ok: true; scope: string; expiresInSeconds: number }
  | {
      ok: false;
      reason: 'secret-needed' | 'config' | 'oauth' | 'network' | 'busy';
      message: string;
      error?: string;
    };

/** What the editor shows in place of a stored password. */
const STORED_PASSWORD = '__PWRD__';
const FIELDS = ['region', 'identityUrl', 'apiUrl', 'scope', 'clientId'];

/** The button that asks for a token with what the dialog holds now, and the words under it. */
export function prepareConnectionTest(node: { id: string; _: Translate }): void {
  const button = $('#fenergo-config-test');
  const result = $('#fenergo-config-test-result');
  const say = (kind: '' | 'ok' | 'failed', title: string, detail = ''): void => {
    result.removeClass('fenergo-ok fenergo-failed').toggleClass(`fenergo-${kind}`, kind !== '');
    result.empty();
    if (title) result.append($('<strong>').text(title), $('<span>').text(detail));
  };

  button.on('click', async () => {
    button.prop('disabled', true);
    say('', node._('test.running'));
    try {
      const answer = await ask(node.id);
      if (answer.ok) say('ok', node._('test.ok'), lifeInWords(node, answer));
      else say('failed', node._(`test.reason.${answer.reason}`), detailOf(answer));
    } catch (error) {
      const { status } = error as JQuery.jqXHR;
      const key = status === 401 || status === 403 ? 'permission' : status === 0 ? 'unreachable' : 'status';
      say('failed', node._(`test.http.${key}`, { status }));
    } finally {
      button.prop('disabled', false);
    }
  });
  // What was said is no longer about what the dialog holds.
  $('.fenergo-config').on('input change', ':input', () => say('', ''));
}

function ask(id: string): JQuery.jqXHR<TestResult> {
  const body: Record<string, string> = { id };
  for (const field of FIELDS) body[field] = String($(`#node-config-input-${field}`).val() ?? '').trim();
  const secret = String($('#node-config-input-clientSecret').val());
  if (secret && secret !== STORED_PASSWORD) body.clientSecret = secret;
  return $.ajax({
    method: 'POST',
    url: 'fenergo/test-connection',
    contentType: 'application/json',
    dataType: 'json',
    data: JSON.stringify(body),
  });
}

function lifeInWords(node: { _: Translate }, answer: { scope: string; expiresInSeconds: number }): string {
  const minutes = Math.round(answer.expiresInSeconds / 60);
  return node._('test.token', { scope: answer.scope, minutes, seconds: answer.expiresInSeconds });
}

/** The server's own words, unless the title says it all. */
function detailOf(answer: { reason: string; message: string }): string {
  return answer.reason === 'secret-needed' ? '' : answer.message;
}
