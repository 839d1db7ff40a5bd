/** The wasm of the package, as a file: which `import` of it gives, your bundler says. */
declare const wasm: unknown;
export default wasm;
