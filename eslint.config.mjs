import js from "@eslint/js"
import ts from "typescript-eslint"

export default ts.config(
    { ignores: ["node_modules", ".devicescript", "built", "artifacts"] },
    js.configs.recommended,
    ...ts.configs.recommended,
    {
        rules: {
            "no-constant-condition": ["error", { checkLoops: false }],
            "@typescript-eslint/no-unused-vars": [
                "error",
                { argsIgnorePattern: "^_" },
            ],
        },
    },
    {
        files: ["**/*.cjs"],
        languageOptions: { globals: { module: "writable" } },
    },
    {
        // VS Code takes CommonJS; tsc knows what is there
        files: [".vscode/extensions/**/*.js"],
        rules: {
            "no-undef": "off",
            "@typescript-eslint/no-require-imports": "off",
        },
    },
    {
        // in a browser; tsc knows what is there
        files: ["server/web/**/*.js"],
        rules: { "no-undef": "off" },
    },
    {
        // DeviceScript: arrow functions have no `this`, strings and promises are its own
        files: [
            "src/**/*.ts",
            "sim/device/**/*.ts",
            "test/device/**/*.ts",
            "test/hil/device/**/*.ts",
        ],
        rules: {
            "@typescript-eslint/no-this-alias": "off",
            "@typescript-eslint/no-explicit-any": "off",
            "@typescript-eslint/no-unused-expressions": "off",
        },
    }
)
