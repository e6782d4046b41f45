// The import rules between the rooms; the table in README.md is the same in words.
const only = (from, allowed, comment) => ({
    name: `only-${from.replace(/[^a-z]+/g, "-").replace(/^-|-$/g, "")}`,
    comment,
    severity: "error",
    from: { path: from },
    to: { pathNot: allowed },
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
            "^src/signal\\.ts$",
            ["@devicescript/core"],
            "a waiting point between fibers"
        ),
        only(
            "^src/net/",
            [
                "^src/net/",
                "^src/signal\\.ts$",
                "@devicescript/(core|net|spi|gpio|i2c|crypto)",
            ],
            "byte streams know nothing of WebSockets, boards or the app"
        ),
        only(
            "^src/(listeners|mailbox|pump|messagewriter|websocket)\\.ts$",
            [
                "^src/(listeners|mailbox|pump|messagewriter|signal)\\.ts$",
                "^src/protocol/",
                "^src/net/stream\\.ts$",
                "@devicescript/(core|crypto)",
            ],
            "the client knows the seam, not a network"
        ),
        only(
            "^src/reconnect\\.ts$",
            ["^src/protocol/", "^src/websocket\\.ts$", "@devicescript/crypto"],
            "a policy on top of the client, which does not know it"
        ),
        only(
            "^src/app\\.ts$",
            ["^src/", "@devicescript/(core|runtime|settings)"],
            "the app knows no network"
        ),
        {
            name: "the-app-knows-no-network",
            severity: "error",
            from: { path: "^src/app\\.ts$" },
            to: { path: "^src/(net/(?!stream)|networks|connect|index)" },
        },
        only("^server/", [
            "^server/",
            "node_modules",
            // it has exports only, which are not followed
            "^@nats-io/jetstream$",
            "^node:",
            "^[a-z_/]+$",
        ]),
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
