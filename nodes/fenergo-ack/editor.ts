interface AckProperties {
  name: string;
  acknowledge: string;
}

RED.nodes.registerType<AckProperties>('fenergo-ack', {
  category: 'fenergo',
  color: '#8fc1c9',
  icon: 'fenergo.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    acknowledge: { value: 'message' },
  },
  paletteLabel: 'fenergo ack',
  label() {
    return this.name || this._('label.unnamed');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  inputLabels() {
    return this._('label.input');
  },
  outputLabels() {
    return this._('label.output');
  },
  oneditprepare() {
    const acknowledge = $('#node-input-acknowledge');
    // A flow written by hand may leave it out.
    if (this.acknowledge !== 'batch') acknowledge.val('message');
    const show = () => $('#fenergo-ack-hint').text(this._(`hint.${acknowledge.val()}`));
    acknowledge.on('change', show);
    show();
  },
});
