/** Poly1305 (RFC 8439, 2.5). */
import { byteOf, forget, Words } from "./chacha20"

/** 2^22, and what brings a number from one limb to the next. */
const LIMB = 4194304
const CARRY = 1 / LIMB
const MASK = 0x3fffff

/**
 * What a tag is made of. Numbers of 132 bits in six limbs of 22: sums of their products stay below 2^53, up to which the VM's
 * numbers are whole.
 */
export interface Poly1305 {
    r: number[]
    h: number[]
    key: Words
}

/** @param key at least 8 words, for one message only */
export function poly1305(key: Words): Poly1305 {
    const t0 = key[0] & 0x0fffffff
    const t1 = key[1] & 0x0ffffffc
    const t2 = key[2] & 0x0ffffffc
    const t3 = key[3] & 0x0ffffffc
    return {
        r: [
            t0 & MASK,
            ((t0 >>> 22) | (t1 << 10)) & MASK,
            ((t1 >>> 12) | (t2 << 20)) & MASK,
            (t2 >>> 2) & MASK,
            ((t2 >>> 24) | (t3 << 8)) & MASK,
            t3 >>> 14,
        ],
        h: [0, 0, 0, 0, 0, 0],
        key,
    }
}

/** Takes a piece of a message, filled up with zeros to whole blocks of 16 bytes, as the AEAD wants it (RFC 8439, 2.8). */
export function update(
    state: Poly1305,
    data: Buffer,
    from: number,
    length: number
) {
    const whole = length & ~15
    addBlocks(state, data, from, from + whole)
    if (whole === length) return
    const last = Buffer.alloc(16)
    last.blitAt(0, data, from + whole, length - whole)
    addBlocks(state, last, 0, 16)
}

/** h = (h + block) r modulo 2^130 - 5, for each block; written out, as loops and arrays take several times as long. */
function addBlocks(state: Poly1305, data: Buffer, from: number, end: number) {
    const { r } = state
    const r0 = r[0]
    const r1 = r[1]
    const r2 = r[2]
    const r3 = r[3]
    const r4 = r[4]
    const r5 = r[5]
    // 2^132 is 20 modulo 2^130 - 5
    const s1 = r1 * 20
    const s2 = r2 * 20
    const s3 = r3 * 20
    const s4 = r4 * 20
    const s5 = r5 * 20
    const { h } = state
    let h0 = h[0]
    let h1 = h[1]
    let h2 = h[2]
    let h3 = h[3]
    let h4 = h[4]
    let h5 = h[5]
    for (let at = from; at < end; at += 16) {
        const t0 = data.getAt(at, "i32")
        const t1 = data.getAt(at + 4, "i32")
        const t2 = data.getAt(at + 8, "i32")
        const t3 = data.getAt(at + 12, "i32")
        h0 += t0 & MASK
        h1 += ((t0 >>> 22) | (t1 << 10)) & MASK
        h2 += ((t1 >>> 12) | (t2 << 20)) & MASK
        h3 += (t2 >>> 2) & MASK
        h4 += ((t2 >>> 24) | (t3 << 8)) & MASK
        h5 += (t3 >>> 14) | 0x40000
        const d0 = h0 * r0 + h1 * s5 + h2 * s4 + h3 * s3 + h4 * s2 + h5 * s1
        let d1 = h0 * r1 + h1 * r0 + h2 * s5 + h3 * s4 + h4 * s3 + h5 * s2
        let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s5 + h4 * s4 + h5 * s3
        let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s5 + h5 * s4
        let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * s5
        let d5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0
        let c = (d0 * CARRY) | 0
        h0 = d0 - c * LIMB
        d1 += c
        c = (d1 * CARRY) | 0
        h1 = d1 - c * LIMB
        d2 += c
        c = (d2 * CARRY) | 0
        h2 = d2 - c * LIMB
        d3 += c
        c = (d3 * CARRY) | 0
        h3 = d3 - c * LIMB
        d4 += c
        c = (d4 * CARRY) | 0
        h4 = d4 - c * LIMB
        d5 += c
        c = (d5 * CARRY) | 0
        h5 = d5 - c * LIMB
        h0 += c * 20
        c = (h0 * CARRY) | 0
        h0 -= c * LIMB
        h1 += c
    }
    h[0] = h0
    h[1] = h1
    h[2] = h2
    h[3] = h3
    h[4] = h4
    h[5] = h5
}

/** @returns the tag, 16 bytes; the key is forgotten */
export function finish(state: Poly1305): Buffer {
    const { h, r, key } = state
    reduce(h)
    reduce(h)
    // h - (2^130 - 5), if that is not negative
    const g = h.slice()
    g[0] += 5
    const n = reduce(g) ? g : h
    g[0] -= 5
    const tag = Buffer.alloc(16)
    tag.setAt(0, "i32", n[0] | (n[1] << 22))
    tag.setAt(4, "i32", (n[1] >>> 10) | (n[2] << 12))
    tag.setAt(8, "i32", (n[2] >>> 20) | (n[3] << 2) | (n[4] << 24))
    tag.setAt(12, "i32", (n[4] >>> 8) | (n[5] << 14))
    let sum = 0
    for (let i = 0; i < 16; ++i) {
        sum = (sum >> 8) + tag[i] + byteOf(key, 16 + i)
        tag[i] = sum & 0xff
    }
    forget(key)
    forget(r)
    return tag
}

/** Carries, and brings what is beyond 2^130 back as 5 times as much. @returns whether there was any */
function reduce(h: number[]): boolean {
    let c = 0
    for (let i = 0; i < 6; ++i) {
        const limb = h[i] + c
        c = limb >> 22
        h[i] = limb & MASK
    }
    const beyond = (h[5] >> 20) + c * 4
    h[5] &= 0xfffff
    h[0] += beyond * 5
    return beyond > 0
}
