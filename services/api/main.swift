import Composition

await Program(name: "api", summary: "streams, keys and the pages", roles: [.api]).run()
