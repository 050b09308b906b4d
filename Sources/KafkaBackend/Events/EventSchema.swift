/// The schemas of `stream-events`.
///
/// The newest is what is written. Fields and kinds are only ever added, fields with a default; then a reader of either
/// age reads what the other wrote: it knows fields by their names, takes defaults for those that are missing, and
/// passes over kinds that it does not know. A schema that was released never changes; the next goes beside it, and
/// older ones stay in ``all``, so that their records are read without a registry.
struct EventSchema: Sendable {
    /// What the registry is given: the text of `schemas/stream-event.avsc`.
    let text: String
    /// Its Parsing Canonical Form (Avro 1.11, "Transforming into Parsing Canonical Form").
    let canonicalForm: String

    /// CRC-64-AVRO of the canonical form (Avro 1.11, "Schema Fingerprints").
    var fingerprint: UInt64 { Self.fingerprint(of: canonicalForm) }

    static let current = EventSchema(text: currentText, canonicalForm: currentCanonicalForm)
    /// All that records may have been written with, the newest first.
    static let all = [current]

    static func fingerprint(of text: String) -> UInt64 {
        let empty: UInt64 = 0xc15d_213a_a4d7_a795
        return text.utf8.reduce(empty) { sum, byte in
            var low = (sum ^ UInt64(byte)) & 0xFF
            for _ in 0..<8 { low = low & 1 == 0 ? low >> 1 : low >> 1 ^ empty }
            return sum >> 8 ^ low
        }
    }
}

private let currentText = """
    {
      "type": "record",
      "name": "StreamEvent",
      "namespace": "sluice.events",
      "doc": "Something that happened to a stream. Records of the topic stream-events, keyed by stream.",
      "fields": [
        {"name": "id", "type": "string", "doc": "UUIDv7 of the event."},
        {"name": "stream", "type": "string", "doc": "UUIDv7 of the stream."},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "doc": "UTC."},
        {"name": "traceparent", "type": ["null", "string"], "default": null, "doc": "W3C Trace Context."},
        {
          "name": "kind",
          "doc": "What happened. A reader passes over events of a kind that it does not know.",
          "type": [
            {"type": "record", "name": "Started", "doc": "An encoder began a broadcast.", "fields": []},
            {"type": "record", "name": "Interrupted", "doc": "The encoder is gone; its grace time runs.", "fields": []},
            {"type": "record", "name": "Resumed", "doc": "The encoder came back.", "fields": []},
            {
              "type": "record",
              "name": "Ended",
              "doc": "The broadcast is over.",
              "fields": [
                {
                  "name": "reason",
                  "type": "string",
                  "doc": "unpublished, grace_expired, shutdown, deleted, key_revoked or failed."
                }
              ]
            },
            {"type": "record", "name": "Deleted", "doc": "The stream was deleted.", "fields": []},
            {
              "type": "record",
              "name": "KeyRevoked",
              "doc": "A key was revoked.",
              "fields": [{"name": "key", "type": "string", "doc": "UUIDv7 of the key."}]
            },
            {
              "type": "record",
              "name": "RenditionsChanged",
              "doc": "What a broadcast is made in is another, or transcoding is measured anew.",
              "fields": [
                {
                  "name": "renditions",
                  "type": {
                    "type": "array",
                    "items": {
                      "type": "record",
                      "name": "Rendition",
                      "fields": [
                        {"name": "name", "type": "string"},
                        {"name": "width", "type": "int", "default": 0, "doc": "In pixels; 0 for sound."},
                        {"name": "height", "type": "int", "default": 0, "doc": "In pixels; 0 for sound."},
                        {"name": "rate_numerator", "type": "long", "default": 0, "doc": "Per second; 0: unknown."},
                        {"name": "rate_denominator", "type": "long", "default": 1},
                        {"name": "bits_per_second", "type": "long", "default": 0},
                        {"name": "encoder", "type": ["null", "string"], "default": null, "doc": "null: a copy."}
                      ]
                    }
                  }
                },
                {"name": "copy_refusal", "type": ["null", "string"], "default": null},
                {
                  "name": "degradation",
                  "default": null,
                  "type": [
                    "null",
                    {
                      "type": "record",
                      "name": "Degradation",
                      "fields": [
                        {"name": "shed_renditions", "type": {"type": "array", "items": "string"}},
                        {"name": "reason", "type": "string"}
                      ]
                    }
                  ]
                },
                {"name": "preset", "type": ["null", "string"], "default": null},
                {"name": "real_time_factor", "type": ["null", "double"], "default": null},
                {"name": "lag_milliseconds", "type": "long", "default": 0}
              ]
            },
            {
              "type": "record",
              "name": "TranscodingRefused",
              "doc": "No rendition is encoded: the source is passed on alone.",
              "fields": [{"name": "reason", "type": "string"}]
            },
            {
              "type": "record",
              "name": "TranscodingFailed",
              "doc": "An encoder or a decoder failed.",
              "fields": [
                {"name": "rendition", "type": ["null", "string"], "default": null, "doc": "null: the whole broadcast."},
                {"name": "reason", "type": "string"}
              ]
            }
          ]
        }
      ]
    }
    """

private let currentCanonicalForm = """
    {"name":"sluice.events.StreamEvent","type":"record","fields":[{"name":"id","type":"string"},\
    {"name":"stream","type":"string"},\
    {"name":"at","type":"long"},\
    {"name":"traceparent","type":["null","string"]},\
    {"name":"kind","type":[{"name":"sluice.events.Started","type":"record","fields":[]},\
    {"name":"sluice.events.Interrupted","type":"record","fields":[]},\
    {"name":"sluice.events.Resumed","type":"record","fields":[]},\
    {"name":"sluice.events.Ended","type":"record","fields":[{"name":"reason","type":"string"}]},\
    {"name":"sluice.events.Deleted","type":"record","fields":[]},\
    {"name":"sluice.events.KeyRevoked","type":"record","fields":[{"name":"key","type":"string"}]},\
    {"name":"sluice.events.RenditionsChanged","type":"record","fields":[{"name":"renditions",\
    "type":{"type":"array","items":{"name":"sluice.events.Rendition","type":"record","fields":[{"name":"name",\
    "type":"string"},\
    {"name":"width","type":"int"},\
    {"name":"height","type":"int"},\
    {"name":"rate_numerator","type":"long"},\
    {"name":"rate_denominator","type":"long"},\
    {"name":"bits_per_second","type":"long"},\
    {"name":"encoder","type":["null","string"]}]}}},\
    {"name":"copy_refusal","type":["null","string"]},\
    {"name":"degradation","type":["null",\
    {"name":"sluice.events.Degradation","type":"record","fields":[{"name":"shed_renditions",\
    "type":{"type":"array","items":"string"}},\
    {"name":"reason","type":"string"}]}]},\
    {"name":"preset","type":["null","string"]},\
    {"name":"real_time_factor","type":["null","double"]},\
    {"name":"lag_milliseconds","type":"long"}]},\
    {"name":"sluice.events.TranscodingRefused","type":"record","fields":[{"name":"reason","type":"string"}]},\
    {"name":"sluice.events.TranscodingFailed","type":"record","fields":[{"name":"rendition","type":["null",\
    "string"]},\
    {"name":"reason","type":"string"}]}]}]}
    """
