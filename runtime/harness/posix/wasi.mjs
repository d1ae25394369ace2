// Runs a WASI program: node wasi.mjs PROGRAM.wasm [ARGUMENTS]. The program sees the current folder and /tmp.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [, , program, ...args] = process.argv;
const wasi = new WASI({ version: "preview1", args: [program, ...args], env: {}, preopens: { ".": ".", "/": "/" } });
const { instance } = await WebAssembly.instantiate(await readFile(program), wasi.getImportObject());
process.exit(wasi.start(instance));
