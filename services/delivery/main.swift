import Composition

await Program(name: "delivery", summary: "serves HLS and DASH to viewers", roles: [.delivery]).run()
