// The import rules between the rooms; the table in docs/design.md is the same in words.
const only = (from, allowed, comment) => ({
    name: `only-${from.replace(/[^a-z]+/g, "-").replace(/^-|-$/g, "")}`,
    comment,
    severity: "error",
    from: { path: from },
    to: { pathNot: allowed },
})

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
            "^src/hixie/",
            ["^src/(hixie|protocol)/", "@devicescript/(core|crypto)"],
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
            "the client knows the seam; only connect.ts knows the board's own network"
        ),
        {
            name: "the-client-knows-the-seam",
            severity: "error",
            from: { path: "^src/websocket/(?!connect\\.ts$)" },
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
                path: "^src/(index\\.ts$|websocket/|protocol/|hixie/|net/|fiber/)",
            },
            to: { path: "^src/app/" },
        },
        only("^server/", [
            "^server/",
            "^lib/",
            "node_modules",
            // it has exports only, which are not followed
            "^@nats-io/jetstream$",
            "^node:",
            "^[a-z_/]+$",
        ]),
        serverRoom("http"),
        serverRoom("access", "http"),
        serverRoom("websocket", "access", "http", "telemetry"),
        serverRoom("bus"),
        serverRoom("plot", "bus"),
        serverRoom(
            "modes",
            ...["plot", "bus", "websocket", "access", "http", "telemetry"]
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
        only("^sim/(?!device/)", [
            "^sim/(?!device/)",
            "node_modules",
            "^node:",
            "^[a-z_/]+$",
        ]),
        {
            name: "host-tests-drive-the-program-from-outside",
            severity: "error",
            from: {
                path: "^test/(host|serial|conformance|wire|hil(?!/device/))/",
            },
            to: { path: "^src/" },
        },
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
