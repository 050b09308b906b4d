import Composition

await Program(
    name: "sluice", summary: "live streaming in one process: ingest, packaging, delivery and API", roles: .all
).run()
