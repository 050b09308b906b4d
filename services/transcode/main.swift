import Composition

await Program(name: "transcode", summary: "makes renditions and packages them", roles: [.transcode]).run()
