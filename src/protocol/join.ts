/** One buffer behind the other. */
export function join(a: Buffer, b: Buffer): Buffer {
    const joined = Buffer.alloc(a.length + b.length)
    joined.blitAt(0, a, 0, a.length)
    joined.blitAt(a.length, b, 0, b.length)
    return joined
}
