import { name as PACKAGE } from '../../../../package.json';
import { CatalogSection } from './catalog-section.js';
import { drawConnections } from './connections.js';
import { loadOverview } from './overview.js';
import { drawRequests } from './requests.js';

const LOOK_EVERY_MS = 3000;

/** Adds the "Fenergo" tab to the editor's sidebar. It asks the server only while somebody can see it. */
export function addSidebar(): void {
  const _ = ((key: string, values) => RED._(`${PACKAGE}/fenergo-config:${key}`, values)) as Translate;
  const content = $('<div class="fenergo-sidebar">');
  const problem = $('<p class="fenergo-sidebar-problem" role="status">').hide();
  const connections = section(_('sidebar.connections'));
  const catalog = section(_('sidebar.catalogTitle'));
  const requests = section(_('sidebar.requests'));
  content.append(problem, connections.element, catalog.element, requests.element);

  const look = async (): Promise<void> => {
    try {
      const overview = await loadOverview();
      problem.hide();
      drawConnections(connections.list, _, overview.connections);
      drawRequests(requests.list, _, overview.requests);
      catalogSection.draw(overview);
    } catch (error) {
      const { status } = error as JQuery.jqXHR;
      const key = status === 401 || status === 403 ? 'notAllowed' : 'unreachable';
      problem.text(_(`sidebar.${key}`)).show();
    }
  };
  const catalogSection = new CatalogSection(catalog.list, _, () => void look());

  RED.sidebar.addTab({
    id: 'fenergo',
    label: _('sidebar.label'),
    name: _('sidebar.name'),
    iconClass: 'fa fa-university',
    content,
    enableOnEdit: true,
    onchange: () => void look(),
  });
  setInterval(() => {
    if (content.is(':visible') && !document.hidden) void look();
  }, LOOK_EVERY_MS);
}

function section(title: string): { element: JQuery; list: JQuery } {
  const list = $('<div>');
  return { element: $('<section>').append($('<h4>').text(title), list), list };
}
