import type { RED as EditorRED } from 'node-red__editor-client';

/**
 * What the published editor types lack: validators that give a reason (Node-RED 3 and newer), credentials with
 * validators, and two widgets.
 */
declare global {
  type Translate = (key: string, values?: Record<string, string | number>) => string;

  /** A node as the editor holds it, with its saved properties. */
  type EditorNode<P> = P & {
    id: string;
    type: string;
    _: Translate;
    credentials?: Record<string, unknown>;
  };

  interface EditorProperty<T, P> {
    value: T;
    /** Name of the property in the editor's own messages. */
    label?: string;
    required?: boolean;
    /** On a reference to a config node: its type. */
    type?: string;
    validate?: EditorValidator<P>;
  }

  /** `true`, or why not. Must declare both parameters: the editor counts them to tell it from an old one. */
  type EditorValidator<P> = (this: EditorNode<P>, value: unknown, options: unknown) => true | string;

  interface EditorDefinition<P> {
    category: string;
    defaults: { [K in keyof P]: EditorProperty<P[K], P> };
    credentials?: Record<string, { type: 'text' | 'password'; validate?: EditorValidator<P> }>;
    color?: string;
    icon?: string;
    inputs?: 0 | 1;
    outputs?: number;
    label?: (this: EditorNode<P>) => string;
    labelStyle?: (this: EditorNode<P>) => string;
    paletteLabel?: string | ((this: EditorNode<P>) => string);
    inputLabels?: (this: EditorNode<P>) => string;
    outputLabels?: (this: EditorNode<P>, index: number) => string;
    /** It came from the palette, or was pasted or imported; not when flows are loaded. */
    onadd?: (this: EditorNode<P>) => void;
    oneditprepare?: (this: EditorNode<P>) => void;
    oneditsave?: (this: EditorNode<P>) => void;
    oneditcancel?: (this: EditorNode<P>) => void;
    oneditdelete?: (this: EditorNode<P>) => void;
    oneditresize?: (this: EditorNode<P>, size: { width: number; height: number }) => void;
  }

  interface EditorNodes {
    registerType<P>(type: string, definition: EditorDefinition<P>): void;
    /** A node or config node of the workspace. */
    node(id: string): Record<string, unknown> | null;
    /** A tab; not a subflow. */
    workspace(id: string): { disabled?: boolean } | null | undefined;
    filterNodes(filter: { type: string }): Record<string, unknown>[];
  }

  /** The part of Ace and Monaco that Node-RED offers for both. */
  interface CodeEditor {
    getValue(): string;
    setValue(text: string, cursor?: number): void;
    getSession(): { on(event: 'change', listener: () => void): void };
    destroy(): void;
  }

  interface SidebarTab {
    id: string;
    label: string;
    name: string;
    iconClass: string;
    content: JQuery;
    /** Whether it can be used while a dialog is open. */
    enableOnEdit: boolean;
    onchange: () => void;
  }

  /** The editor's one global object. */
  const RED: Omit<EditorRED, 'nodes' | 'utils' | 'editor' | 'sidebar' | 'clipboard'> & {
    nodes: EditorNodes;
    editor: {
      createEditor(options: { id: string; mode: string; value: string }): CodeEditor;
      /** Opens the dialog of a config node; the name of no property, since no node is being edited. */
      editConfig(property: '', type: string, id: string): void;
    };
    clipboard: { copyText(text: string, popoverAt: JQuery, popoverKey: string): boolean };
    sidebar: { addTab(options: SidebarTab): void };
    utils: EditorRED['utils'] & {
      /** `true`, or why a TypedInput's value is none of its type. */
      validateTypedProperty(value: string, type: string, options: { label?: string }): true | string;
    };
  };

  interface JQuery {
    treeList(options: object): JQuery;
    treeList(method: 'data', items: object[]): JQuery;
    autoComplete(options: {
      minLength?: number;
      search: (value: string) => { value: string; label: string }[];
    }): JQuery;
  }
}
