/**
 * What a secret may look like when a server repeats it: as it is, as it goes into a URL or a form, as it goes into JSON,
 * in base64. For taking it out of what is shown; the longest first, so that none is left over in part.
 *
 * @param secret as it is; an empty one has no form
 */
export function secretForms(secret: string): string[] {
  const inUrl = encodeURIComponent(secret);
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const forms = [
    secret,
    inUrl,
    inForm,
    ...[inUrl, inForm].map((text) => text.replace(/%../g, (code) => code.toLowerCase())),
    inJson,
    inJson.replaceAll('/', '\\/'),
    Buffer.from(secret).toString('base64'),
  ];
  return [...new Set(forms)].filter(Boolean).sort((a, b) => b.length - a.length);
}
