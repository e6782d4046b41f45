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
            "^src/(websocket|reconnect)\\.ts$",
            [
                "^src/protocol/",
                "^src/net/stream\\.ts$",
                "^src/signal\\.ts$",
                "^src/reconnect\\.ts$",
                "@devicescript/(core|crypto)",
            ],
            "the pump knows the seam, not a network"
        ),
        only("^server/", ["^server/", "node_modules", "^node:", "^[a-z_/]+$"]),
        only("^sim/(?!device/)", [
            "^sim/(?!device/)",
            "node_modules",
            "^node:",
            "^[a-z_/]+$",
        ]),
        {
            name: "host-tests-drive-the-program-from-outside",
            severity: "error",
            from: { path: "^test/(host|hil)/" },
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
