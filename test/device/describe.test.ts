import { describe, expect, test } from "@devicescript/test"
import { describe as sentence } from "../../src"
import { StreamError } from "../../src/net/stream"
import { ProtocolError } from "../../src/protocol/codes"
import { headerSize } from "../../src/protocol/frame"

describe("describe", () => {
    test("has a sentence for what a server did", () => {
        let error: Error
        try {
            headerSize(hex`81 80`, 0, false, 0)
        } catch (e: any) {
            error = e
        }
        expect(error instanceof ProtocolError).toBe(true)
        expect(sentence(error).indexOf("only clients do") > 0).toBe(true)
    })

    test("tells apart what begins alike", () => {
        expect(
            sentence(new ProtocolError("fragments")).indexOf("maxFragments") > 0
        ).toBe(true)
    })

    test("leaves what is a sentence already as it is", () => {
        const message = "tcp://a:80: no connection within 30000 ms"
        expect(sentence(new StreamError(message))).toBe(message)
    })
})
