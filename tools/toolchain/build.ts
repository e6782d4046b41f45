/** Builds a program as `devs build` does, but takes it from the cache when nothing has changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { UserError } from "../../lib/errors.ts"
import { compile, preludeOf } from "../../sim/program.ts"
import { toolchain } from "../../sim/vm.ts"
import { PROJECT } from "../project/folder.ts"

/** Where the tool chain's other commands look for the program. */
export const BYTECODE = ".devicescript/bin/bytecode.devs"
/** What finds places in the sources for it. */
export const DEBUG_INFO = ".devicescript/bin/bytecode-dbg.json"

/** The globals of DeviceScript, whose IterableIterator has one type parameter: TypeScript 5.9 wants three for `for … of`. */
const CORELIB = "node_modules/@devicescript/core/src/corelib.d.ts"
/** Stands in its place in src/tsconfig.json. */
const MENDED_CORELIB = ".devicescript/types/corelib.d.ts"

/** Where an image's header has the beginning and the length of the functions' code. */
const CODE_SECTION = 40

/**
 * @param entry `src/main.ts`
 * @returns sizes in bytes: of the whole image, and up to where the functions end
 * @throws UserError when it does not compile, or the VM would not take it
 */
export async function build(entry: string) {
    writeModules()
    const { bytecode, debug } = compile(join(PROJECT, entry), waiting)
    const vm = await toolchain().createVm()
    const code = vm.devsVerify(bytecode)
    if (code !== 0)
        throw new UserError(`${entry}: the VM refuses it, with error ${code}`)
    update(BYTECODE, bytecode)
    update(DEBUG_INFO, JSON.stringify(debug))
    const image = Buffer.from(bytecode)
    const end =
        image.readUInt32LE(CODE_SECTION) + image.readUInt32LE(CODE_SECTION + 4)
    return { size: image.length, code: end }
}

/** Writes the modules that the toolchain brings, as `devs build` does, for editors and for the types' check. */
function writeModules() {
    const modules = preludeOf(PROJECT)
    for (const [path, text] of Object.entries(modules)) update(path, text)
    const core = modules[CORELIB]
    const mended = core.replace(
        /(interface IterableIterator<T)>/,
        "$1, TReturn = any, TNext = any>"
    )
    if (mended === core)
        throw new Error(`expected an IterableIterator<T> in ${CORELIB}`)
    update(MENDED_CORELIB, mended)
}

/** Tells a person why nothing happens for some seconds. */
export function waiting(entry: string): void {
    console.log(`compiling ${entry} …`)
}

/** Writes a file of the project when it would change: an editor that watches it is left in peace. */
function update(path: string, content: string | Uint8Array) {
    const file = join(PROJECT, path)
    if (existsSync(file) && readFileSync(file).equals(Buffer.from(content)))
        return
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
}
