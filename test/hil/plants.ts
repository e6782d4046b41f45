/** Faults to plant, one at a time: a suite that does not notice them is worth nothing. */
import type { Scenario } from "./scenario.ts"
import type { Variant } from "./variants.ts"

export interface Plant {
    what: string
    /** What is wrong with the program, in the simulator. */
    variant?: Variant
    /** What is wrong with every server. */
    server?: Scenario["server"]
    /** Scenarios that have to fail, and are enough to see it. */
    caughtBy: string[]
}

/** What is wrong with every connection, by a function in test/hil/device/faulty-dial.ts. */
function faultyDial(fault: string): Variant {
    return {
        file: "src/app/app.ts",
        name: "startApp",
        imports: `import { ${fault} } from "../../test/hil/device/faulty-dial"`,
        body: `await startAppOriginal({ ...options, dial: ${fault}(options.dial) })`,
    }
}

export const PLANTS: Record<string, Plant> = {
    "not-reversed": {
        what: "the server sends messages back as they came",
        server: { mode: "echo" },
        caughtBy: ["first-connection"],
    },
    "no-reconnect": {
        what: "the program does not connect again",
        variant: {
            file: "src/websocket/backoff.ts",
            name: "backoff",
            body: "return () => undefined",
        },
        caughtBy: ["link-reset", "server-restart"],
    },
    "no-heartbeat": {
        what: "the client never sends a Ping",
        variant: {
            file: "src/websocket/heartbeat.ts",
            name: "heartbeat",
            body: "return connection",
        },
        caughtBy: ["ping-without-pong"],
    },
    "pong-ignored": {
        what: "the client does not hear the answer to its Ping",
        variant: faultyDial("withoutPongs"),
        caughtBy: ["idle-connection"],
    },
    "lost-swallowed": {
        what: "the program says nothing of a message that is lost",
        variant: {
            file: "src/app/app.ts",
            name: "App.lose",
            body: "if (this.current) this.settle(RED)",
        },
        caughtBy: ["link-reset"],
    },
    "timer-after-reply": {
        what: "the program's interval begins with the reply, not with the message",
        variant: {
            file: "src/app/app.ts",
            name: "untilNext",
            body: "return interval",
        },
        caughtBy: ["regular-timer"],
    },
    "reply-unchecked": {
        what: "the program calls every reply right",
        variant: {
            file: "src/app/text.ts",
            name: "isReversal",
            body: "return true",
        },
        caughtBy: ["corrupt-reply"],
    },
    "no-pause": {
        what: "the board looks for another lease as soon as one is refused",
        variant: {
            file: "src/net/ethernet/dhcp-client.ts",
            name: "settle",
            body: "await settleOriginal(client, reply)\nclient.refused = false",
        },
        caughtBy: ["lease-refused"],
    },
    "any-router": {
        what: "the board keeps its lease wherever a router answers ARP",
        variant: {
            file: "src/net/ethernet/dhcp-client.ts",
            name: "findRouter",
            body: "const found = await findRouterOriginal(client)\nreturn found && (client.router || found)",
        },
        caughtBy: ["moved-cable"],
    },
}
