import { sleep } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { TlsError } from "../../src/net/tls/alert"
import {
    chacha20,
    COUNTER,
    encipher,
    nextBlock,
    Words,
} from "../../src/net/tls/chacha20"
import { clientHello, parseServerHello } from "../../src/net/tls/messages"
import { prf } from "../../src/net/tls/keys"
import { finish, poly1305, update } from "../../src/net/tls/poly1305"
import {
    APPLICATION_DATA,
    protect,
    Protection,
    unprotect,
} from "../../src/net/tls/record"
import { tls } from "../../src/net/tls/tls"
import {
    breathe,
    expectBytes,
    expectReject,
    expectText,
    expectThrow,
} from "./check"

function hex(text: string): Buffer {
    return Buffer.from(text, "hex")
}

function words(bytes: Buffer): Words {
    const result: Words = []
    for (let at = 0; at < bytes.length; at += 4)
        result.push(bytes.getAt(at, "i32"))
    return result
}

function keyStream(key: string, nonce: string): Words {
    const state = chacha20(hex(key), 0)
    words(hex(nonce)).forEach((word, i) => (state[COUNTER + 1 + i] = word))
    return state
}

const SUNSCREEN =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."

describe("ChaCha20", () => {
    test("enciphers as in RFC 8439, 2.4.2", () => {
        const key =
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        const state = keyStream(key, "000000000000004a00000000")
        state[COUNTER] = 1
        const data = Buffer.from(SUNSCREEN)
        encipher(state, data, 0, data.length)
        expectText(
            data.toString("hex"),
            "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b" +
                "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8" +
                "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736" +
                "5af90bbf74a35be6b40b8eedf2785e42874d"
        )
    })

    test("gives the key of a tag as in RFC 8439, 2.6.2", () => {
        const key =
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        const state = keyStream(key, "000000000001020304050607")
        const once = Buffer.alloc(32)
        encipher(state, once, 0, 32)
        expectText(
            once.toString("hex"),
            "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646"
        )
    })
})

describe("Poly1305", () => {
    // RFC 8439, A.3: those whose messages are whole blocks
    const vectors = [
        // 1: all zeros
        [
            "00000000000000000000000000000000",
            "00",
            "00000000000000000000000000000000",
            "00000000000000000000000000000000",
        ],
        // 7: r = 2, a message of ones: does the carry out of 2^130 come back?
        [
            "02000000000000000000000000000000",
            "00",
            "ffffffffffffffffffffffffffffffff",
            "03000000000000000000000000000000",
        ],
        // 8: and when s is added?
        [
            "02000000000000000000000000000000",
            "ff",
            "02000000000000000000000000000000",
            "03000000000000000000000000000000",
        ],
        // 9 to 11: numbers around 2^130 - 5
        [
            "01000000000000000000000000000000",
            "00",
            "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
            "05000000000000000000000000000000",
        ],
        [
            "01000000000000000000000000000000",
            "00",
            "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101",
            "00000000000000000000000000000000",
        ],
        [
            "02000000000000000000000000000000",
            "00",
            "fdffffffffffffffffffffffffffffff",
            "faffffffffffffffffffffffffffffff",
        ],
        [
            "01000000000000000400000000000000",
            "00",
            "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000" +
                "0000000000000000000000000000000001000000000000000000000000000000",
            "14000000000000005500000000000000",
        ],
        [
            "01000000000000000400000000000000",
            "00",
            "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000",
            "13000000000000000000000000000000",
        ],
    ]
    test("makes the tags of RFC 8439, A.3", () => {
        for (const vector of vectors) {
            const key = Buffer.alloc(32)
            key.blitAt(0, hex(vector[0]), 0, 16)
            key.fillAt(16, 16, hex(vector[1])[0])
            const state = poly1305(words(key))
            const message = hex(vector[2])
            update(state, message, 0, message.length)
            expectText(finish(state).toString("hex"), vector[3])
        }
    })

    test("and ChaCha20 protect as in RFC 8439, 2.8.2", () => {
        const key =
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        const state = keyStream(key, "070000004041424344454647")
        const once: Words = []
        nextBlock(state, once)
        const data = Buffer.from(SUNSCREEN)
        encipher(state, data, 0, data.length)
        const mac = poly1305(once)
        update(mac, hex("50515253c0c1c2c3c4c5c6c7"), 0, 12)
        update(mac, data, 0, data.length)
        update(mac, hex("0c000000000000007200000000000000"), 0, 16)
        expectText(
            finish(mac).toString("hex"),
            "1ae10b594f09e26a7e902ecbd0600691"
        )
        // the key, which is for one message only, is gone
        expect(once.every(word => word === 0)).toBe(true)
        expect(mac.r.every(limb => limb === 0)).toBe(true)
    })
})

describe("PRF", () => {
    test("makes what the TLS working group's example has", () => {
        // https://mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms
        expectText(
            prf(
                hex("9bbe436ba940f017b17652849a71db35"),
                "test label",
                hex("a0ba9f936cda311827a6f796ffd5198c"),
                100
            ).toString("hex"),
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
                "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
                "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
                "87347b66"
        )
    })
})

function protection(sequence = 0): Protection {
    const key = Buffer.alloc(32)
    key.fillAt(0, 32, 7)
    const state = chacha20(key, 0)
    return { state, iv: hex("0102030405060708090a0b0c"), sequence }
}

async function expectRefused(reading: Protection, record: Buffer) {
    await expectReject(
        async () => await unprotect(reading, record),
        TlsError,
        "record"
    )
}

function expectNoHello(body: Buffer) {
    expectThrow(() => parseServerHello(body), TlsError, "tls")
}

function expectBadKey(length: number) {
    const none: any = undefined
    const options = { identity: "kitchen", key: Buffer.alloc(length) }
    expectThrow(() => tls(none, options), RangeError, "tls: key: expected 16")
}

describe("records", () => {
    test("of every length come back as they were", async () => {
        const writing = protection(0x10000fe)
        const reading = protection(0x10000fe)
        for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 511, 513, 1024]) {
            const data = Buffer.alloc(length)
            for (let i = 0; i < length; ++i) data[i] = i & 0xff
            const record = await protect(writing, APPLICATION_DATA, data)
            expect(record.length).toBe(5 + length + 16)
            expectBytes(await unprotect(reading, record), data)
            await breathe()
        }
        expect(writing.sequence).toBe(reading.sequence)
    })

    test("in which a bit is flipped are refused, wherever it is", async () => {
        const data = Buffer.from("ten bytes!")
        const record = await protect(protection(), APPLICATION_DATA, data)
        for (let bit = 0; bit < 8 * record.length; ++bit) {
            // the length decides how many bytes are read, and stands for nothing else
            if (bit >= 24 && bit < 40) continue
            const other = record.slice(0)
            other[bit >> 3] ^= 1 << (bit & 7)
            await expectRefused(protection(), other)
            await breathe()
        }
    })

    test("that come twice, in another order, cut or too short are refused", async () => {
        const writing = protection()
        const data = Buffer.from("ten bytes!")
        const first = await protect(writing, APPLICATION_DATA, data)
        const second = await protect(writing, APPLICATION_DATA, data)
        const cut = [
            second,
            first.slice(0, first.length - 1),
            first.slice(0, 21),
            first.slice(0, 20),
            first.slice(0, 5),
        ]
        for (const record of cut) await expectRefused(protection(), record)
        const reading = protection()
        const again = first.slice(0)
        await unprotect(reading, first)
        await expectRefused(reading, again)
    })

    test("end before their numbers begin again", async () => {
        await expectReject(
            async () =>
                await protect(
                    protection(0x7fffffff),
                    APPLICATION_DATA,
                    Buffer.alloc(1)
                ),
            TlsError,
            "too many"
        )
    })
})

const HELLO =
    "0303" +
    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a" +
    "00" +
    "ccab" +
    "00"

function hello(extensions: string): Buffer {
    const list = hex(extensions)
    const length = Buffer.from([list.length >> 8, list.length & 0xff])
    return Buffer.concat(hex(HELLO), length, list)
}

const GOOD = "00170000" + "ff01000100"

describe("ServerHello", () => {
    test("has a random, and says whether records will be small", () => {
        expect(parseServerHello(hello(GOOD)).hasFragments).toBe(false)
        const found = parseServerHello(hello(GOOD + "0001000102" + "00000000"))
        expect(found.hasFragments).toBe(true)
        expectText(found.random.toString("hex").slice(0, 4), "5a5a")
    })

    test("without an extended master secret, or with what was not offered, is refused", () => {
        for (const extensions of [
            "",
            "00170000",
            "ff01000100",
            "ff01000101" + "00170000",
            GOOD + "0001000103",
            GOOD + "00230000",
            GOOD + "001700",
            "0017000100" + "ff01000100",
        ])
            expectNoHello(hello(extensions))
    })

    test("of another version, suite or compression is refused", () => {
        for (const at of [0, 1, 35, 36, 37]) {
            const other = hello(GOOD)
            other[at] ^= 1
            expectNoHello(other)
        }
    })

    test("cut anywhere is refused", () => {
        const whole = hello(GOOD + "0001000102")
        for (let n = 0; n < whole.length; ++n) expectNoHello(whole.slice(0, n))
    })
})

describe("ClientHello", () => {
    test("offers one suite, and names the host if it has a name", async () => {
        const random = Buffer.alloc(32)
        const plain = clientHello(random, "")
        expect(plain.length).toBe(4 + 43 + 14)
        expectText(plain.slice(0, 6).toString("hex"), "01000039" + "0303")
        expectText(
            plain.slice(38, 47).toString("hex"),
            "000002ccab0100" + "000e"
        )
        const named = clientHello(random, "a.lan")
        expectText(
            named.slice(61).toString("hex"),
            "0000000a" + "0008" + "00" + "0005" + "612e6c616e"
        )
        await sleep(1)
    })
})

describe("keys", () => {
    test("and identities have to have a length that makes sense", () => {
        const none: any = undefined
        for (const length of [0, 15, 65]) expectBadKey(length)
        expectThrow(
            () => tls(none, { identity: "", key: Buffer.alloc(16) }),
            RangeError,
            "tls: identity"
        )
    })
})
