// Starts Millrace: loads the glue that wasm-bindgen wrote, gets the wasm, hands one to the other.
//
// A classic script in a file of its own, because the Content-Security-Policy forbids inline
// scripts, and because module scripts do not load in an iframe with only `sandbox="allow-scripts"`
// from a host that sends no CORS headers. There `fetch` fails as well, so the wasm is read from
// app.wasm.js (the same bytes in base64), which every page may load as a script.
"use strict";
(() => {
  const own = document.currentScript;
  const { js, wasm } = own.dataset;
  const opaque = window.origin === "null"; // sandboxed iframe, or a file opened from disk

  const script = (src) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = src;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${src} did not load`));
    document.head.append(element);
  });

  const embedded = async () => {
    // The name of the wasm holds its hash, so a cached copy of another build is never used.
    await script(`${new URL("app.wasm.js", own.src)}?${wasm.replace(/^.*\//, "")}`);
    const text = atob(window.millraceWasm);
    delete window.millraceWasm;
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  const fetched = async () => {
    const response = await fetch(wasm);
    if (!response.ok) throw new Error(`${wasm}: ${response.status} ${response.statusText}`);
    // A host that does not know the type of .wasm rules out streaming, nothing else.
    const typed = response.headers.get("content-type")?.startsWith("application/wasm");
    return typed ? response : response.arrayBuffer();
  };

  const either = (first, second) => first().catch((why) => second().catch(() => { throw why; }));

  const start = async () => {
    const bytes = opaque ? either(embedded, fetched) : either(fetched, embedded);
    bytes.catch(() => {}); // reported below, once; not also as an unhandled rejection
    await script(js);
    await wasm_bindgen({ module_or_path: await bytes });
  };

  own.ready = start();
  if (own.dataset.api !== undefined) return; // millrace.js tells whoever asked
  own.ready.catch((why) => {
    console.error(why);
    if (document.querySelector("[data-millrace-failed]")) return; // the app has said so itself
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.setAttribute("data-millrace-failed", "");
    note.style.cssText = "font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem";
    note.textContent = `Millrace could not start: ${why.message ?? why}. Reload the page; if it stays so, the browser may be too old or the files on this host incomplete.`;
    document.body.append(note);
  });
})();
