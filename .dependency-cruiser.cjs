// The import rules between the rooms; the table in docs/design.md is the same in words.
const only = (from, allowed, comment) => ({
    name: `only-${from
        .replace(/\(\?!.*?\)/g, "")
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")}`,
    comment,
    severity: "error",
    from: { path: from },
    to: { pathNot: allowed },
})

/** What a room on the Node side may import beside its own files, lib, Node and packages. */
const node = (from, allowed, comment) => {
    const rule = only(from, [from, "^lib/", ...allowed], comment)
    // one has exports only, which are not followed, the other is the browser tests' own
    rule.to.pathNot.push(
        "node_modules",
        "^@nats-io/jetstream$",
        "^playwright-core$"
    )
    rule.to.dependencyTypesNot = ["core"]
    return rule
}

/** The server as other rooms start it. */
const SERVER = "^server/(server|options)\\.ts$"

/** A room of the server, and the others that it may import. */
const serverRoom = (room, ...others) => ({
    name: `server-room-${room}`,
    severity: "error",
    from: { path: `^server/${room}/` },
    to: { path: `^server/(?!(${[room, ...others].join("|")})/)` },
})

module.exports = {
    forbidden: [
        {
            name: "no-circular",
            severity: "error",
            from: {},
            to: { circular: true },
        },
        only("^src/protocol/", ["^src/protocol/"], "pure: bytes in, bytes out"),
        only(
            "^src/fiber/",
            ["^src/fiber/", "@devicescript/core"],
            "what fibers wait with"
        ),
        only(
            "^src/light/",
            ["^src/(light|fiber)/", "@devicescript/core"],
            "the board's status light"
        ),
        only(
            "^src/hixie/",
            [
                "^src/(hixie|protocol|fiber)/",
                "^src/net/stream\\.ts$",
                "^src/websocket/(connection|connect-over|headers)\\.ts$",
                "@devicescript/(core|crypto)",
            ],
            "the two drafts before RFC 6455"
        ),
        only(
            "^src/net/",
            [
                "^src/(net|fiber)/",
                "@devicescript/(core|net|spi|gpio|i2c|crypto)",
            ],
            "byte streams know nothing of WebSockets, boards or the app"
        ),
        only(
            "^src/websocket/",
            [
                "^src/(websocket|protocol|fiber)/",
                "^src/net/(stream|native)\\.ts$",
                "@devicescript/(core|crypto)",
            ],
            "the client knows the seam; only connect.ts and web-socket.ts know the board's own network"
        ),
        {
            name: "the-client-knows-the-seam",
            severity: "error",
            from: { path: "^src/websocket/(?!(connect|web-socket)\\.ts$)" },
            to: { path: "^src/net/native" },
        },
        only(
            "^src/app/",
            ["^src/", "@devicescript/", "@dsboard/", "\\.generated$"],
            "the echo program"
        ),
        {
            name: "the-app-knows-no-network",
            severity: "error",
            from: { path: "^src/app/app\\.ts$" },
            to: { path: "^src/(net/(?!stream)|app/networks|index)" },
        },
        {
            name: "the-library-knows-no-app",
            severity: "error",
            from: {
                path: "^src/(index\\.ts$|websocket/|protocol/|hixie/|light/|net/|fiber/)",
            },
            to: { path: "^src/app/" },
        },
        node("^lib/", [], "shared by all rooms of the Node side"),
        node("^server/", []),
        serverRoom("http"),
        serverRoom("access", "http"),
        serverRoom("websocket", "access", "http", "telemetry"),
        serverRoom("bus"),
        serverRoom("plot", "bus"),
        serverRoom("relay", "bus", "websocket"),
        serverRoom(
            "modes",
            ...[
                "plot",
                "relay",
                "bus",
                "websocket",
                "access",
                "http",
                "telemetry",
            ]
        ),
        {
            name: "telemetry-is-told",
            comment: "it looks at nothing by itself",
            severity: "error",
            from: { path: "^server/telemetry/" },
            to: {
                path: "^server/(?!telemetry/)",
                dependencyTypesNot: ["type-only"],
            },
        },
        {
            name: "server-knows-no-command",
            severity: "error",
            from: { path: "^server/(?!cli/|cluster/|main\\.ts$)" },
            to: { path: "^server/(cli|cluster)/" },
        },
        {
            name: "cluster-knows-no-command-line",
            severity: "error",
            from: { path: "^server/cluster/" },
            to: { path: "^server/cli/" },
        },
        node("^sim/(?!device/)", []),
        only(
            "^sim/device/",
            ["^(src|sim/device|examples)/", "@devicescript/"],
            "the echo program with models in place of pins"
        ),
        only(
            "^examples/",
            [
                "^examples/",
                "^src/index\\.ts$",
                "^src/net/",
                "@devicescript/",
                "@dsboard/",
            ],
            "a user's program"
        ),
        node(
            "^tools/project/",
            ["^sim/(?!device/)"],
            "what the user has written"
        ),
        node(
            "^tools/log/",
            ["^sim/(?!device/)", "^src/websocket/describe\\.ts$"],
            "what a board's log says"
        ),
        node(
            "^tools/serial/",
            ["^sim/(?!device/)", "^tools/log/"],
            "a board on a serial port"
        ),
        node("^tools/toolchain/", [
            "^sim/(?!device/)",
            "^tools/(project|serial)/",
        ]),
        node("^tools/simulator/", [
            "^sim/(?!device/)",
            "^tools/(project|toolchain)/",
        ]),
        node("^tools/fleet/", [
            "^sim/(?!device/)",
            SERVER,
            "^tools/(log|project)/",
        ]),
        node("^tools/debugger/", [
            "^sim/(?!device/)",
            SERVER,
            "^tools/(project|toolchain|simulator)/",
        ]),
        node("^tools/commands/", [
            "^sim/(?!device/)",
            SERVER,
            "^tools/(?!commands/)",
        ]),
        only(
            "^(bench|test|test/hil)/device/",
            [
                "^(src|sim/device|examples|bench/device|test/device|test/hil/device)/",
                "@devicescript/",
                "@dsboard/",
            ],
            "DeviceScript that tests and measures parts of src"
        ),
        node(
            "^bench/(?!device/)",
            [
                "^sim/(?!device/)",
                "^server/",
                "^tools/(?!commands/)",
                "^test/wire/",
            ],
            "drives boards and servers from outside"
        ),
        node("^test/wire/", [], "peers, scripted byte by byte"),
        node("^test/report/", []),
        node("^test/conformance/", [
            "^sim/(?!device/)",
            "^tools/(?!commands/)",
            "^test/(wire|report)/",
        ]),
        node("^test/hil/(?!device/)", [
            "^sim/(?!device/)",
            SERVER,
            "^server/",
            "^tools/(?!commands/)",
            "^test/(wire|report)/",
        ]),
        node("^test/(library|networks)/", [
            "^sim/(?!device/)",
            SERVER,
            "^tools/(?!commands/)",
            "^test/(library|networks|wire)/",
        ]),
        node("^test/sim/", ["^sim/(?!device/)", "^test/(networks|wire)/"]),
        node("^test/tools/", [
            "^sim/(?!device/)",
            SERVER,
            "^tools/(?!commands/)",
            "^test/wire/",
        ]),
        node("^test/suites/", [
            "^sim/(?!device/)",
            "^tools/serial/",
            "^test/(hil(?!/device)|conformance|wire)/",
        ]),
        node("^test/serial/", ["^sim/(?!device/)", "^test/(suites|wire)/"]),
        node("^test/server/", ["^server/", "^test/(wire|plot)/"]),
        node("^test/plot/", [
            "^server/",
            "^sim/(?!device/)",
            "^test/(server|wire)/",
        ]),
        node("^test/(nginx|nats|chromium)/", [
            "^server/",
            "^sim/(?!device/)",
            "^test/(server|plot|wire)/",
        ]),
        node("^test/tornado/", ["^sim/(?!device/)", "^test/wire/"]),
        node("^test/openssl/", ["^sim/(?!device/)", "^test/(networks|wire)/"]),
        node("^test/vscode/", ["^test/(chromium|wire)/"]),
        {
            name: "nobody-imports-an-entry",
            severity: "error",
            from: {},
            to: { path: "^src/main[^/]*\\.ts$" },
        },
    ],
    options: {
        doNotFollow: { path: "node_modules" },
        tsPreCompilationDeps: true,
        tsConfig: { fileName: "tsconfig.json" },
    },
}
