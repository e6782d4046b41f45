import { describe, test } from "@devicescript/test"
import { base64 } from "../../src/protocol/base64"
import { mask, rotate } from "../../src/protocol/mask"
import { md5 } from "../../src/hixie/md5"
import { sha1 } from "../../src/protocol/sha1"
import { expectBytes, expectText, breathe } from "./check"
import { acceptKey, pattern } from "./frames"

function digest(text: string): string {
    return sha1(Buffer.from(text)).toString("hex")
}

function md5Digest(text: string): string {
    return md5(Buffer.from(text)).toString("hex")
}

function repeat(text: string, times: number): string {
    let all = ""
    for (let i = 0; i < times; ++i) all += text
    return all
}

/** RFC 6455, 5.3, as it is written there. */
function masked(data: Buffer, from: number, to: number, key: Buffer): Buffer {
    const out = Buffer.from(data)
    for (let i = from; i < to; ++i) out[i] = data[i] ^ key[(i - from) % 4]
    return out
}

describe("SHA-1", () => {
    // RFC 3174, 7.3, TEST1 and TEST2; the others from FIPS 180 and the NIST's examples
    test("has the digests of the test vectors", () => {
        expectText(digest(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        expectText(digest("a"), "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")
        expectText(digest("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d")
        expectText(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        )
    })

    test("goes over several blocks", () => {
        expectText(
            digest(repeat("01234567", 40)),
            "a2b1377f3398e0696f4970e27edd5cfc475cf5bb"
        )
    })

    test("pads around the end of a block", async () => {
        const expected = [
            "c1c8bbdc22796e28c0e15163d20899b65621d65a",
            "c2db330f6083854c99d4b5bfb6e8f29f201be699",
            "f08f24908d682555111be7ff6f004e78283d989a",
            "03f09f5b158a7a8cdad920bddc29b81c18a551f5",
            "0098ba824b5c16427bd7a1122a5a442a25ec644d",
            "11655326c708d70319be2610e8a57d9a5b959d3b",
        ]
        const lengths = [55, 56, 57, 63, 64, 65]
        for (let i = 0; i < lengths.length; ++i) {
            expectText(digest(repeat("a", lengths[i])), expected[i])
            await breathe()
        }
    })
})

describe("MD5", () => {
    // RFC 1321, A.5
    test("has the digests of the test suite", () => {
        const expected = [
            ["", "d41d8cd98f00b204e9800998ecf8427e"],
            ["a", "0cc175b9c0f1b6a831c399e269772661"],
            ["abc", "900150983cd24fb0d6963f7d28e17f72"],
            ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
            ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
            [
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ],
            [repeat("1234567890", 8), "57edf4a22be3c955ac49da2e2107b67a"],
        ]
        for (const pair of expected) expectText(md5Digest(pair[0]), pair[1])
    })

    test("pads around the end of a block, and goes over several", async () => {
        const expected = [
            "ef1772b6dff9a122358552954ad0df65",
            "3b0c8ac703f828b04c6c197006d17218",
            "652b906d60af96844ebd21b674f35e93",
            "b06521f39153d618550606be297466d5",
            "014842d480b571495a4a0363793f7367",
            "c743a45e0d2e6a95cb859adae0248435",
        ]
        const lengths = [55, 56, 57, 63, 64, 65]
        for (let i = 0; i < lengths.length; ++i) {
            expectText(md5Digest(repeat("a", lengths[i])), expected[i])
            await breathe()
        }
        expectText(
            md5Digest(repeat("01234567", 40)),
            "cd96a22764652889775a0f1c9b6e55bf"
        )
    })
})

describe("base64", () => {
    // RFC 4648, 10
    test("encodes and pads the test vectors", () => {
        const expected = [
            "",
            "Zg==",
            "Zm8=",
            "Zm9v",
            "Zm9vYg==",
            "Zm9vYmE=",
            "Zm9vYmFy",
        ]
        for (let i = 0; i < expected.length; ++i)
            expectText(base64(Buffer.from("foobar".slice(0, i))), expected[i])
    })

    // RFC 4648, 4, Table 1
    test("has every character of the alphabet in its place", () => {
        const data = hex`00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf`
        expectText(
            base64(data),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        )
    })
})

describe("Sec-WebSocket-Accept", () => {
    // RFC 6455, 1.3
    test("follows from the key as in the RFC's example", () => {
        expectText(
            acceptKey("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        )
    })
})

describe("mask", () => {
    const key = hex`37fa213d`
    const number = key.getAt(0, "i32")

    // RFC 6455, 5.7
    test("masks the RFC's Hello", () => {
        const data = Buffer.from("Hello")
        mask(data, 0, 5, number)
        expectBytes(data, hex`7f9f4d5158`)
    })

    test("is right for every length and start, and leaves the rest alone", async () => {
        const data = pattern(80)
        for (let from = 0; from < 5; ++from)
            for (let to = from; to <= 80; ++to) {
                const actual = Buffer.from(data)
                mask(actual, from, to, number)
                expectBytes(actual, masked(data, from, to, key))
                await breathe()
            }
    })

    test("goes on with the rotated key after any number of bytes", async () => {
        const data = pattern(40)
        const expected = masked(data, 0, 40, key)
        for (let cut = 0; cut <= 40; ++cut) {
            const actual = Buffer.from(data)
            mask(actual, 0, cut, number)
            mask(actual, cut, 40, rotate(number, cut))
            expectBytes(actual, expected)
            await breathe()
        }
    })

    test("takes keys with any bits set", () => {
        for (const bytes of [
            hex`00000000`,
            hex`ffffffff`,
            hex`00000080`,
            hex`ff00ff7f`,
        ]) {
            const data = pattern(39)
            mask(data, 0, 39, bytes.getAt(0, "i32"))
            expectBytes(data, masked(pattern(39), 0, 39, bytes))
        }
    })
})
