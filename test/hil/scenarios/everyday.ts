/** What a board does all day. */
import type { Scenario } from "../scenario.ts"

/** Of each length of UTF-8 the first and the last code point, beside those that the VM's strings cannot hold. */
const UNICODE =
    "\u007f\u0080\u07ff\u0800\ufffd\u{10000}\u{10ffff} é漢😀 {n} e\u0301 👩‍👩‍👧"

export const EVERYDAY: Scenario[] = [
    {
        name: "first-connection",
        what: "From power on to the first right reply, and a clean end.",
        settings: { COUNT: 1 },
        deadline: 30,
        expect: {
            log: [
                /^open 1$/,
                /^sent 1 "Hello 1"$/,
                /^right 1 "1 olleH" \d+ ms$/,
            ],
        },
    },
    {
        name: "thousand-exchanges",
        what: "1,000 messages, and 1,000 right replies, over one connection.",
        settings: { COUNT: 1000, INTERVAL: 10 },
        deadline: 180,
    },
    {
        name: "unicode",
        what: "Characters of every length come back whole, reversed one by one.",
        settings: { MESSAGE: UNICODE },
        deadline: 30,
    },
]
