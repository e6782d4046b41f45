import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { after, describe, test } from "node:test"
import {
    boardsFor,
    boardsInstead,
    readConfig,
} from "../../tools/project/config.ts"
import {
    modemOf,
    moduleOf,
    networksOf,
    secureOf,
} from "../../tools/project/generate.ts"
import { readSettings } from "../../tools/project/settings.ts"

const folder = mkdtempSync(join(tmpdir(), "devs-json-"))
after(() => rmSync(folder, { recursive: true }))

function config(text: string) {
    writeFileSync(join(folder, "devs.json"), text)
    return readConfig(folder)
}

function rejected(text: string, ...lines: string[]) {
    assert.throws(() => config(text), {
        name: "UserError",
        message: lines.join("\n"),
    })
}

const INTERVAL = "expected an integer from 10 to 86400000 (ms)"
const URL_FORM =
    "expected ws://HOST[:PORT][/PATH] or wss://…, without a user name, a password or a fragment (credentials go into .env.local as URL=…)"

describe("devs.json", () => {
    test("what is left out has the schema's default", () => {
        assert.deepEqual(config('{ "url": "ws://192.0.2.1/" }'), {
            url: "ws://192.0.2.1/",
            network: "wifi",
            modem: "simcom",
            apn: "",
            address: "dhcp",
            board: "esp32c3_devkitm",
            name: "",
            heartbeat: 20_000,
            interval: 1000,
            message: "Hello {n}",
            count: 0,
            timeout: 5000,
            summary: 10,
            plot: false,
            log: "info",
        })
    })

    test("over a metered network the heartbeat is rare, unless it is said otherwise", () => {
        const beat = (more: string) =>
            config(
                `{ "url": "ws://h/", "board": "w5500_evb_pico_modem", ${more} }`
            ).heartbeat
        assert.equal(beat('"network": "ethernet"'), 20_000)
        assert.equal(beat('"network": ["ethernet", "cellular"]'), 240_000)
        assert.equal(
            beat('"network": ["ethernet", "cellular"], "heartbeat": 0'),
            0
        )
    })

    test("a board for Ethernet has the pins of the chip", () => {
        const text = (board: string) =>
            `{ "url": "ws://h/", "network": "ethernet", "board": "${board}" }`
        assert.equal(config(text("esp32c3_w5500")).network, "ethernet")
        rejected(
            text("pico"),
            'devs.json:1: "board" is "pico" (Raspberry Pi Pico), which has no pins named MISO, MOSI, SCK, CS, RST for a W5500, but "network" is "ethernet"; for this network there are esp32c3_w5500, w5500_evb_pico, w5500_evb_pico_modem'
        )
    })

    test("a board for a modem has the bridge's pins, on SPI, or on I2C beside a W5500", () => {
        const text = (network: unknown, board: string) =>
            JSON.stringify({ url: "ws://h/", network, board })
        const both = ["ethernet", "cellular"]
        for (const [network, board] of [
            ["cellular", "pico_sc16is750"],
            ["cellular", "esp32c3_sc16is750"],
            [["wifi", "cellular"], "esp32c3_sc16is750"],
            [both, "w5500_evb_pico_modem"],
        ] as const)
            assert.deepEqual(config(text(network, board)).network, network)
        rejected(
            text("cellular", "w5500_evb_pico"),
            'devs.json:1: "board" is "w5500_evb_pico" (WIZnet W5500-EVB-Pico), which has no pins named MISO, MOSI, SCK, UART_CS, PWRKEY for an SC16IS750, but "network" is "cellular"; for this network there are esp32c3_sc16is750, pico_sc16is750'
        )
        rejected(
            text(both, "w5500_evb_pico"),
            'devs.json:1: "board" is "w5500_evb_pico" (WIZnet W5500-EVB-Pico), which has no I2C, or no pin named PWRKEY, for an SC16IS750 beside a W5500, but "network" is ["ethernet","cellular"]; for this network there are w5500_evb_pico_modem'
        )
    })

    test("networks are known ones, each once", () => {
        for (const network of ['"lan"', '["wifi"]', '["wifi", "wifi"]'])
            rejected(
                `{ "url": "ws://h/", "network": ${network} }`,
                `devs.json:1: "network" is ${JSON.stringify(JSON.parse(network))}; expected "wifi", "ethernet" or "cellular", or a list of two or three of them`
            )
        rejected(
            '{ "url": "ws://h/", "network": ["wifi", "lan"] }',
            'devs.json:1: "network" is ["wifi","lan"]; expected "wifi", "ethernet" or "cellular", or a list of two or three of them'
        )
    })

    test("an address of one's own has a prefix and a router", () => {
        const text = (address: string) =>
            `{ "url": "ws://h/", "address": "${address}" }`
        const fixed = "192.168.1.50/24 192.168.1.1 192.168.1.53"
        assert.equal(config(text(fixed)).address, fixed)
        rejected(
            text("192.168.1.50"),
            'devs.json:1: "address" is "192.168.1.50"; expected dhcp, or address/prefix, router and DNS servers with a space between them'
        )
    })

    test("the project's own is right", () => {
        assert.equal(readConfig(process.cwd()).network, "wifi")
    })

    test("a value of the wrong type is named with its line and what is allowed", () =>
        rejected(
            '{\n    "url": "ws://h/",\n    "interval": "fast"\n}',
            `devs.json:3: "interval" is "fast"; ${INTERVAL}`
        ))

    for (const value of ["9", "86400001", "1.5", "null", "true", '"10"'])
        test(`interval ${value} is refused`, () =>
            rejected(
                `{ "url": "ws://h/", "interval": ${value} }`,
                `devs.json:1: "interval" is ${value}; ${INTERVAL}`
            ))

    for (const value of [10, 86400000])
        test(`interval ${value} is taken`, () =>
            assert.equal(
                config(`{ "url": "ws://h/", "interval": ${value} }`).interval,
                value
            ))

    test("a choice that is none lists the choices", () =>
        rejected(
            '{ "url": "ws://h/", "log": "loud" }',
            'devs.json:1: "log" is "loud"; expected "info" or "warn" or "error"'
        ))

    test("an empty message tells the length allowed", () =>
        rejected(
            '{ "url": "ws://h/", "message": "" }',
            'devs.json:1: "message" is ""; expected a string of 1 to 1000 (characters)'
        ))

    for (const url of [
        "http://h/",
        "ws://",
        "ws:///path",
        "ws://user:secret@h/",
        "ws://h/#part",
        "ws://h:70000/",
        "ws://h:port/",
        "ws://a b/",
    ])
        test(`url ${url} is refused`, () =>
            rejected(
                JSON.stringify({ url }),
                `devs.json:1: "url" is ${JSON.stringify(url)}; ${URL_FORM}`
            ))

    for (const url of [
        "ws://h",
        "wss://h.example:8443/a/b?c=d",
        "ws://[2001:db8::1]:80/",
        "ws://192.0.2.1?x",
    ])
        test(`url ${url} is taken`, () =>
            assert.equal(config(JSON.stringify({ url })).url, url))

    test("a missing url is named", () =>
        rejected("{}", `devs.json:1: "url" is missing; ${URL_FORM}`))

    test("an unknown key gets the nearest one suggested", () =>
        rejected(
            '{\n"url": "ws://h/",\n"intervall": 5\n}',
            'devs.json:3: "intervall" is not a key of devs.json; did you mean "interval"?'
        ))

    test("a key that is near to none gets the list", () =>
        rejected(
            '{ "url": "ws://h/", "colour": 5 }',
            'devs.json:1: "colour" is not a key of devs.json; expected one of $schema, program, url, network, modem, apn, address, board, name, heartbeat, interval, message, count, timeout, summary, plot, log'
        ))

    test("an unknown board gets the nearest one suggested", () =>
        rejected(
            '{ "url": "ws://h/", "board": "pico_w_uard" }',
            'devs.json:1: "board" is "pico_w_uard", which is neither in boards/ nor known to the tool chain; did you mean "pico_w_uart"?'
        ))

    test("a board without Wi-Fi is refused for Wi-Fi", () =>
        rejected(
            '{ "url": "ws://h/", "board": "pico" }',
            `devs.json:1: "board" is "pico" (Raspberry Pi Pico), which has no Wi-Fi, but "network" is "wifi"; for this network there are ${boardsFor("wifi").join(", ")}`
        ))

    test("a project without a board for its network is told where they are", () =>
        assert.match(
            boardsInstead("ethernet", tmpdir()),
            /devicescript-websocket\/boards.*: .*w5500_evb_pico/
        ))

    test("every mistake is told at once", () =>
        rejected(
            '{\n"url": "ws://h/",\n"count": -1,\n"timeout": 0\n}',
            'devs.json:3: "count" is -1; expected an integer from 0 to 1000000000 (exchanges)',
            'devs.json:4: "timeout" is 0; expected an integer from 10 to 3600000 (ms)'
        ))

    test("a key that is there twice is refused", () =>
        rejected(
            '{\n"url": "ws://a/",\n"url": "ws://b/"\n}',
            'devs.json:3: "url" is there twice'
        ))

    for (const [text, line] of [
        ['{ "url": }', '1:10: not JSON: value expected at "}"'],
        ['{\n  "url": ws\n}', '2:10: not JSON: invalid symbol at "ws"'],
        [
            '{ "url": "ws://h/",',
            "1:20: not JSON: property name expected at the end",
        ],
        [
            '{ "url": "ws://h/", }',
            '1:21: not JSON: property name expected at "}"',
        ],
        ["{} // why", '1:4: not JSON: invalid comment token at "//"'],
        ["", "1:1: not JSON: value expected at the end"],
        ["[]", "1: expected an object {…}, found array"],
    ])
        test(`${JSON.stringify(text)} is refused at its position`, () =>
            rejected(text, `devs.json:${line}`))

    test("no devs.json: told where it was looked for", () => {
        const empty = join(folder, "nowhere")
        assert.throws(() => readConfig(empty), {
            name: "UserError",
            message: `devs.json: expected it in ${empty}, found none; npx devicescript-websocket init makes it, and a program with it`,
        })
    })
})

test("the module for the program has what the program reads, and no more", async () => {
    const text = moduleOf(
        config('{ "url": "ws://h/", "message": "é\\n\\"{n}" }')
    )
    const file = join(folder, "config.generated.mjs")
    writeFileSync(file, text)
    const module = await import(pathToFileURL(file).href)
    assert.deepEqual(module.defaults, {
        url: "ws://h/",
        apn: "",
        address: "dhcp",
        name: "",
        heartbeat: 20_000,
        interval: 1000,
        message: 'é\n"{n}',
        count: 0,
        timeout: 5000,
        summary: 10,
        plot: false,
        log: "info",
    })
    assert.deepEqual(module.ranges.count, { minimum: 0, maximum: 1000000000 })
    assert.deepEqual(module.levels, ["info", "warn", "error"])
    assert.equal(module.isGreenFirst, true)
    const { isGreenFirst } = await import(
        `data:text/javascript,${encodeURIComponent(
            moduleOf(
                config(
                    '{ "url": "ws://h/", "board": "w5500_evb_pico", "network": "ethernet" }'
                )
            )
        )}`
    )
    assert.equal(isGreenFirst, false)
})

test("the modules of the networks have those that are chosen, in their order", () => {
    const chosen = networksOf({ network: ["ethernet", "wifi", "cellular"] })
    assert.deepEqual(
        [...chosen.matchAll(/"\.\/networks\/([\w-]+)"/g)].map(
            match => match[1]
        ),
        ["ethernet", "wifi", "cellular-i2c"]
    )
    assert.match(
        chosen,
        /return \[await start0\(\), await start1\(\), await start2\(\)\]/
    )
    assert.doesNotMatch(modemOf({ modem: "quectel" }), /simcom/)
})

test("the program has TLS by a pre-shared key when there is one", () => {
    assert.match(secureOf({ PSK: "a:00" }), /from ".\/psk"/)
    assert.doesNotMatch(secureOf({}), /psk"/)
})

describe(".env.local", () => {
    function settings(text: string) {
        writeFileSync(join(folder, ".env.local"), text)
        return readSettings(folder)
    }

    test("is read as the tool chain reads it", () =>
        assert.deepEqual(
            settings(
                '# a comment\r\n\r\nURL=ws://u:p@h/?token=a=b\nCOUNT=5\nSSID=my net\nPASSWORD="12\\u00233"\nOTHER={"a":1}\nLOG=\n'
            ),
            {
                URL: "ws://u:p@h/?token=a=b",
                COUNT: 5,
                SSID: "my net",
                PASSWORD: "12#3",
                OTHER: { a: 1 },
            }
        ))

    for (const [line, problem] of [
        [
            "PASSWORD=12#3",
            "the tool chain drops a line with a # in it; write the value of PASSWORD in quotes, with \\u0023 for each #",
        ],
        [
            "PASSWORD=12345678",
            'PASSWORD looks like a number to the tool chain; write it in quotes: PASSWORD="…"',
        ],
        ...[
            `PSK="kitchen:${"0f".repeat(15)}"`,
            `PSK="kitchen:${"0f".repeat(16)}0"`,
            `PSK="kitchen:${"0f".repeat(15)}xx"`,
            `PSK=":${"0f".repeat(16)}"`,
            'PSK="kitchen"',
        ].map(line => [
            line,
            "PSK: expected identity:key, the key with 32 to 128 hexadecimal digits; npm run key makes one",
        ]),
        ["COUNT = 5", 'expected no space around the name, found "COUNT "'],
        [
            "SSID=my net ",
            "the tool chain keeps the spaces around the value of SSID; take them away, or write it in quotes",
        ],
        ["COUNT", 'expected NAME=value, found "COUNT"'],
        ["INTERVAL=fast", `INTERVAL is "fast"; ${INTERVAL}`],
        ["URL=http://h/", "URL: expected ws://… or wss://…"],
        [
            "INTERVALL=5",
            "no setting is called INTERVALL; did you mean INTERVAL?",
        ],
        [
            `MESSAGE=${"x".repeat(230)}`,
            "MESSAGE takes 240 bytes; a setting can have 236, with its name",
        ],
    ])
        test(`${line.slice(0, 20)} is refused`, () =>
            assert.throws(() => settings(`A=1\n${line}`), {
                name: "UserError",
                message: `.env.local:2: ${problem}`,
            }))
})
