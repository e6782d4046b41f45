import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
    cpSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { after, describe, test } from "node:test"
import { compile } from "../../sim/program.ts"
import { boards } from "../../tools/project/boards.ts"
import type { Config } from "../../tools/project/config.ts"
import {
    checkForBoard,
    explain,
    imageOf,
} from "../../tools/toolchain/bundle.ts"

const OWN = [
    "esp32c3_devkitm",
    "esp32c3_mini",
    "esp32c3_sc16is750",
    "pico_sc16is750",
    "pico_w_uart",
    "w5500_evb_pico_modem",
]

const project = mkdtempSync(join(tmpdir(), "boards-"))
after(() => rmSync(project, { recursive: true }))
cpSync("boards", join(project, "boards"), { recursive: true })
writeFileSync(join(project, "devsconfig.json"), "{}")
writeFileSync(join(project, "package.json"), '{ "name": "boards" }')

/** What the tool chain's command line says of the boards in `project`. */
function flashHelp() {
    const manifest = createRequire(import.meta.url).resolve(
        "@devicescript/cli/package.json"
    )
    const cli = resolve(dirname(manifest), "devicescript")
    const { stdout, stderr } = spawnSync(
        process.execPath,
        [cli, "flash", "--help"],
        { cwd: project, encoding: "utf8" }
    )
    return { stdout, stderr }
}

function definition(id: string) {
    return JSON.parse(readFileSync(`boards/${id}.board.json`, "utf8"))
}

describe("boards/", () => {
    test("the tool chain finds no fault with any of them", () => {
        const { stdout, stderr } = flashHelp()
        for (const id of OWN) assert.match(stdout, new RegExp(`--board ${id} `))
        assert.doesNotMatch(stderr, /board\.json/)
    })

    test("the tool chain finds the fault of a board that names a pin twice", () => {
        const broken = definition("pico_w_uart")
        broken.pins.GP0 = 0
        const file = join(project, "boards", "broken.board.json")
        writeFileSync(file, JSON.stringify(broken))
        const { stderr } = flashHelp()
        rmSync(file)
        assert.match(stderr, /broken\.board\.json.*GP0/)
    })

    for (const id of OWN)
        test(`a program can use the pins of ${id}`, () => {
            const { pins, log, led } = definition(id)
            const names = Object.keys(pins)
            assert.ok(!Object.values(pins).includes(log.pinTX))
            assert.ok(!Object.values(pins).includes(led.pin))
            const entry = join(project, `${id}.ts`)
            writeFileSync(
                entry,
                `import { pins } from "@dsboard/${id}"\n` +
                    names.map(n => `console.log(pins.${n}.gpio)\n`).join("")
            )
            assert.ok(compile(entry).bytecode.length > 0)
        })

    test("those of the tool chain can be chosen too, and say whether they have Wi-Fi", () => {
        const known = boards()
        assert.equal(known.get("pico")?.wifi, false)
        assert.equal(known.get("pico_w")?.wifi, true)
        assert.equal(known.get("esp32s3_bare")?.arch, "esp32s3")
    })
})

describe("an image", () => {
    test("is a UF2 file for RP2040, and has its place in its name for ESP32", () => {
        assert.equal(imageOf("pico_w_uart").file, "built/pico_w_uart.uf2")
        assert.equal(imageOf("esp32c3_mini").file, "built/esp32c3_mini-0x0.bin")
        assert.equal(imageOf("esp32_bare").file, "built/esp32_bare-0x1000.bin")
    })

    const config = { url: "ws://192.0.2.1/", network: "wifi" } as Config

    for (const url of [
        "ws://127.0.0.1:8000/",
        "ws://localhost/",
        "ws://[::1]/",
    ])
        test(`is not made for ${url}, which a board cannot reach`, () =>
            assert.throws(() => checkForBoard({ ...config, url }, {}), {
                message: /on the board that is the board itself/,
            }))

    for (const [board, url, why] of [
        [
            "esp32c3_mini",
            "wss://192.0.2.1/",
            /certificate, which is for a name/,
        ],
        ["esp32c3_mini", "ws://[2001:db8::1]/", /no IPv6 address/],
        ["esp32s2_bare", "wss://example.com/", /too little memory for TLS/],
        ["pico_w", "wss://example.com/", /a Pico W has no TLS/],
    ] as const)
        test(`is not made for ${url} on ${board}`, () =>
            assert.throws(() => checkForBoard({ ...config, board, url }, {}), {
                message: why,
            }))

    test("of an ESP32 is not made with what its firmware would cut off", () => {
        const esp32 = { ...config, board: "esp32c3_mini" }
        const pico = { ...config, board: "pico_w", url: "ws://example.com/" }
        for (const [most, settings] of [
            [31, (text: string) => ({ SSID: text })],
            [63, (text: string) => ({ SSID: "net", PASSWORD: text })],
        ] as const) {
            const fits = settings("é".repeat(most >> 1) + "x")
            const long = settings("é".repeat((most + 1) >> 1))
            assert.deepEqual(checkForBoard(esp32, fits), [])
            assert.throws(
                () => checkForBoard(esp32, long),
                new RegExp(`takes ${most + 1} bytes.* cuts it off at ${most}`)
            )
            assert.deepEqual(checkForBoard(pico, long), [])
        }
    })

    test("is checked with the url of the settings, which wins", () =>
        assert.throws(() => checkForBoard(config, { URL: "ws://localhost/" }), {
            message: /"url" is ws:\/\/localhost\//,
        }))

    test("without Wi-Fi settings comes with a note", () => {
        assert.match(checkForBoard(config, {})[0], /no SSID/)
        assert.match(
            checkForBoard(config, { WIFI_SSID: "net" })[0],
            /leaves WIFI_SSID and WIFI_PWD out/
        )
        assert.deepEqual(checkForBoard(config, { SSID: "net" }), [])
    })

    test("over Ethernet needs no Wi-Fi settings, and for TLS a pre-shared key", () => {
        const ethernet = { ...config, network: "ethernet" } as Config
        assert.deepEqual(checkForBoard(ethernet, {}), [])
        assert.throws(
            () => checkForBoard({ ...ethernet, url: "wss://example.com/" }, {}),
            /"url" is wss:\/\/example.com\/: over Ethernet TLS needs a pre-shared key. Expected PSK=/
        )
        assert.deepEqual(
            checkForBoard(
                { ...ethernet, url: "wss://192.168.1.20/" },
                { PSK: `kitchen:${"0f".repeat(16)}` }
            ),
            []
        )
    })

    test("whose chip has no TLS needs a pre-shared key for it", () => {
        const pico = { ...config, board: "pico_w_uart" } as Config
        const url = "wss://example.com/"
        assert.throws(
            () => checkForBoard({ ...pico, url }, { SSID: "net" }),
            /the firmware of a Pico W has no TLS. Expected PSK=/
        )
        const PSK = `kitchen:${"0f".repeat(16)}`
        assert.deepEqual(
            checkForBoard({ ...pico, url }, { SSID: "net", PSK }),
            []
        )
    })

    test("without the Internet: says what to fetch and where to put it", () => {
        const firmware = "https://example.com/releases/fw-0x0.bin"
        const output = `fetch ${firmware}
TypeError: fetch failed
    at node:internal/deps/undici/undici:14976:13 {
  [cause]: Error: getaddrinfo ENOTFOUND example.com
      at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:122:26) {`
        const told = explain(1, output, { firmware })
        assert.match(told, /getaddrinfo ENOTFOUND example.com/)
        assert.ok(told.includes(firmware))
        assert.ok(told.includes(".devicescript/cache/fw-0x0.bin"))
    })

    test("with the dev server's ports taken: says so", () =>
        assert.match(
            explain(100, "", { firmware: "" }),
            /Port 8081, 8082 or 8083/
        ))

    test("with any other failure: shows what the tool chain said", () =>
        assert.equal(explain(1, "oh no", { firmware: "" }), "oh no"))
})
