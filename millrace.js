// Millrace for a page of your own: `window.millrace` is a promise of { run, mount, Simulation,
// version }, which web/src/api.d.ts describes. The build fills in the names, which hold hashes.
"use strict";
window.millrace = (() => {
  const { src } = document.currentScript;
  const here = (name) => new URL(name, src).href;

  const added = (element) => new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${element.src ?? element.href} did not load`));
    document.head.append(element);
  });

  let style; // only what is mounted needs it, and once
  const styled = () => style ??= added(Object.assign(document.createElement("link"), { rel: "stylesheet", href: here("{css}") }));

  const start = async () => {
    const boot = Object.assign(document.createElement("script"), { src: here("boot.js") });
    Object.assign(boot.dataset, { js: here("{js}"), wasm: here("{wasm}"), api: "" });
    await added(boot);
    await boot.ready;
    const { run, Simulation, version } = wasm_bindgen;
    const mount = async (element, link = "") => {
      await styled();
      wasm_bindgen.mount(element, link);
    };
    return { run, mount, Simulation, version };
  };
  return start();
})();
