/** Faults to plant, one at a time: a suite that does not notice them is worth nothing. */
import type { DeviceOptions } from "./device.ts"
import type { Scenario } from "./scenario.ts"

export interface Plant {
    what: string
    /** Where the program is changed, in the simulator. */
    patch?: DeviceOptions["patch"]
    /** What is wrong with every server. */
    server?: Scenario["server"]
    /** Scenarios that have to fail, and are enough to see it. */
    caughtBy: string[]
}

export const PLANTS: Record<string, Plant> = {
    "not-reversed": {
        what: "the server sends messages back as they came",
        server: { mode: "echo" },
        caughtBy: ["first-connection"],
    },
    "no-reconnect": {
        what: "the program does not connect again",
        patch: replacing("src/app/app.ts", "reconnect: backoff(),", ""),
        caughtBy: ["link-reset", "server-restart"],
    },
    "no-heartbeat": {
        what: "the client never sends a Ping",
        patch: replacing(
            "src/app/app.ts",
            "reconnect: backoff(),",
            "reconnect: backoff(), heartbeat: null,"
        ),
        caughtBy: ["ping-without-pong"],
    },
    "pong-ignored": {
        what: "the client does not hear the answer to its Ping",
        patch: replacing(
            "src/websocket/pump.ts",
            "if (this.heartbeat) this.alive()",
            'if (chunk.getAt(0, "u8") !== 0x8a) this.alive()'
        ),
        caughtBy: ["idle-connection"],
    },
    "lost-swallowed": {
        what: "the program says nothing of a message that is lost",
        patch: replacing(
            "src/app/app.ts",
            "this.log(WARN, `lost ${current.n} ${reason}`)\n        this.tally.lost++",
            ""
        ),
        caughtBy: ["link-reset"],
    },
    "timer-after-reply": {
        what: "the program's interval begins with the reply, not with the message",
        patch: replacing(
            "src/app/app.ts",
            "Math.max(0, start + interval - ds.millis())",
            "interval"
        ),
        caughtBy: ["regular-timer"],
    },
    "reply-unchecked": {
        what: "the program calls every reply right",
        patch: replacing(
            "src/app/app.ts",
            "current && isReversal(text, current.text)",
            "current"
        ),
        caughtBy: ["corrupt-reply"],
    },
    "no-pause": {
        what: "the board looks for another lease as soon as one is refused",
        patch: replacing(
            "src/net/ethernet/dhcp-client.ts",
            "client.refused = true",
            "client.refused = false"
        ),
        caughtBy: ["lease-refused"],
    },
    "any-router": {
        what: "the board keeps its lease wherever a router answers ARP",
        patch: replacing(
            "src/net/ethernet/dhcp-client.ts",
            "(await findRouter(client)) === router",
            "(await findRouter(client))"
        ),
        caughtBy: ["moved-cable"],
    },
}

/** @throws when there is no such text in the file any more */
function replacing(file: string, from: string, to: string) {
    return (path: string, text: string) => {
        if (path !== file) return text
        if (!text.includes(from))
            throw new Error(`expected "${from}" in ${file}, it is not there`)
        return text.replace(from, to)
    }
}
