const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether `text` has the form of a tenant id: a GUID (tenant-access.txt, "x-tenant-id"). */
export function isGuid(text: string): boolean {
  return GUID.test(text);
}
