import { sleep } from "@devicescript/core"
import { mark } from "./mark"
const b = Buffer.alloc(700)
const arr: number[] = []
for (let i = 0; i < 20; ++i) arr.push(i)
const REV = hex`00112233445566778899`
class O { a = 0; b = 0; c = 0; d = 0; e = 0; f = 0; g = 0; h = 0; i = 0; j = 0 }
function plain(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = i; return x }
function index(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = b[5]; return x }
function indexLocal(n: number) { let x = 0; const c = b; for (let i = 0; i < n; ++i) x = c[5]; return x }
function arrLocal(n: number) { let x = 0; const c = arr; for (let i = 0; i < n; ++i) x = c[5]; return x }
function rev(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = REV[5]; return x }
function revLocal(n: number) { let x = 0; const c = REV; for (let i = 0; i < n; ++i) x = c[5]; return x }
function u16(n: number) { let x = 0; const c = b; for (let i = 0; i < n; ++i) x = c.getAt(6, "u16"); return x }
function i32(n: number) { let x = 0; const c = b; for (let i = 0; i < n; ++i) x = c.getAt(6, "i32"); return x }
function setb(n: number) { const c = b; for (let i = 0; i < n; ++i) c[5] = 3; return 0 }
function ops(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = ((i >> 3) & 255) | 7; return x }
function blit(n: number) { const c = b; for (let i = 0; i < n; ++i) c.blitAt(20, c, 10, 8); return 0 }
function f(a: number, b: number) { return a }
function call(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = f(i, 3); return x }
function field(n: number) { const o = new O(); let x = 0; for (let i = 0; i < n; ++i) x = o.f; return x }
function fieldset(n: number) { const o = new O(); let x = 0; for (let i = 0; i < n; ++i) o.f = i; return x }
function cond(n: number) { let x = 0; for (let i = 0; i < n; ++i) if (i < 100000) x = 3; return x }
function min(n: number) { let x = 0; for (let i = 0; i < n; ++i) x = Math.min(i, 4); return x }
function buf(n: number) { let x = 0; for (let i = 0; i < n; ++i) Buffer.alloc(8); return x }
async function run(name: string, f: (n: number) => number) {
    await mark("begin " + name)
    for (let i = 0; i < 100; ++i) { f(1000); await sleep(0) }
    await mark("end")
}
await run("plain", plain)
await run("plain", plain)
await mark("done")
