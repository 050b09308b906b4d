import Composition

await Program(name: "ingest", summary: "takes broadcasts from encoders over RTMP", roles: [.ingest]).run()
