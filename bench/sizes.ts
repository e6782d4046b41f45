/** What connecting and echoing costs in bytecode, and what each feature adds to it: the user pays for what is imported. */
import { join } from "node:path"
import { compile, compileSource } from "../sim/program.ts"
import { PACKAGE } from "../tools/project/folder.ts"
import { programPath } from "./run.ts"

const URL = '"ws://127.0.0.1:8000/"'
const OPEN = `const ws = await connect(${URL})`
const ECHO = "for (;;) await ws.send(await ws.recv())"

/** By what is imported beside `connect`: the program. */
const FEATURES: [what: string, imports: string, program: string][] = [
    [
        "listen",
        "listen",
        `${OPEN}\nlisten(ws, { message: async m => await ws.send(m) })`,
    ],
    [
        "heartbeat",
        "heartbeat",
        `const ws = heartbeat(await connect(${URL}))\n${ECHO}`,
    ],
    ...[
        "subprotocols('a')",
        "basic('a', 'b')",
        "headers({ A: 'b' })",
        "permessageDeflate()",
    ].map((value): [string, string, string] => [
        value.replace(/\(.*/, ""),
        value.replace(/\(.*/, ""),
        `const ws = await connect(${URL}, { handshake: [${value}] })\n${ECHO}`,
    ]),
    [
        "reconnecting",
        "reconnecting",
        `const ws = reconnecting(async () => await connect(${URL}))\n${ECHO}`,
    ],
    [
        "followRedirects",
        "followRedirects",
        `const ws = await followRedirects(connect)(${URL})\n${ECHO}`,
    ],
    [
        "requests",
        "requests",
        `${OPEN}\nconst request = requests(ws, m => m.text())\nfor (;;) await request("a", "a")`,
    ],
    [
        "slices, startMessage",
        "slices, startMessage",
        `${OPEN}
        const reader = slices(ws)
        for (;;) {
            const { data, isText } = await reader.recv()
            const out = await startMessage(ws, isText)
            await out.end(data)
        }`,
    ],
    [
        "tls",
        "connectOver, dialNative, tls",
        `const key = hex\`00112233445566778899aabbccddeeff\`
        const ws = await connectOver(tls(dialNative, { identity: "a", key }), ${URL})
        ${ECHO}`,
    ],
    [
        "describe",
        "describe",
        `${OPEN}\nconsole.log(describe(ws.end.error))\n${ECHO}`,
    ],
]

/** The façade stands in the place of `connect`. */
const FACADE = `import { WebSocket } from "./src"
const ws = new WebSocket(${URL})
ws.onmessage = ({ data }) => ws.send(data)`

function sizeOf(source: string): number {
    return compileSource(source, join(PACKAGE, "size.ts")).bytecode.length
}

/** @returns bytes beyond an empty program: bare TCP, connect and echo, the drafts; and what each feature adds */
export function sizes() {
    const size = (name: string) => compile(programPath(name)).bytecode.length
    const nothing = size("size-nothing")
    const connect = size("size-websocket") - nothing
    return {
        tcp: size("size-tcp") - nothing,
        connect,
        hixie76: size("size-hixie76") - nothing,
        features: [
            ...FEATURES.map(([what, imports, program]) => ({
                what,
                added:
                    sizeOf(
                        `import { connect, ${imports} } from "./src"\n${program}`
                    ) -
                    nothing -
                    connect,
            })),
            { what: "WebSocket", added: sizeOf(FACADE) - nothing - connect },
        ],
    }
}
