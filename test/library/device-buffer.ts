/** What pure files of `src/protocol` use of the VM's buffers and Node has under other names, so that they run in Node as well. */

/** Copies like `memmove`, as far as both have room. */
function blitAt(
    this: Buffer,
    at: number,
    source: Buffer | string,
    from: number,
    length: number
): void {
    const bytes = typeof source === "string" ? Buffer.from(source) : source
    bytes.copy(this, at, from, from + length)
}

const FORMATS = { u16: "UInt16LE", i32: "Int32LE" } as const

const methods = {
    blitAt,
    fillAt(this: Buffer, at: number, length: number, value: number) {
        this.fill(value, at, at + length)
    },
    getAt(this: Buffer, at: number, format: keyof typeof FORMATS) {
        return this[`read${FORMATS[format]}`](at)
    },
    setAt(
        this: Buffer,
        at: number,
        format: keyof typeof FORMATS,
        value: number
    ) {
        this[`write${FORMATS[format]}`](value, at)
    },
}

/** Imports a file of `src/protocol`. */
export async function importPure<T>(name: string): Promise<T> {
    Object.assign(Buffer.prototype, methods)
    Object.assign(globalThis, {
        hex: ([text]: TemplateStringsArray) =>
            Buffer.from(text.replace(/\s/g, ""), "hex"),
    })
    return import(`../../src/protocol/${name}.ts`)
}
