import Bytes

/// A remote procedure call or its answer (RTMP 1.0, 7.2): a name, a transaction id, an object, and arguments.
struct Command: Equatable {
    var name: String
    /// Connects a call with its answer; 0 when none is wanted.
    var transactionID: Double
    /// The command object and the arguments, as far as there are any.
    var values: [AMFValue]

    init(name: String, transactionID: Double, values: [AMFValue]) {
        self.name = name
        self.transactionID = transactionID
        self.values = values
    }

    /// Reads AMF0; a missing transaction id counts as 0.
    init(_ payload: Bytes) throws(RTMPFailure) {
        let values: [AMFValue]
        do {
            values = try AMF0Reader.values(of: payload)
        } catch {
            throw .malformedCommand(error)
        }
        guard let name = values.first?.text else { throw .malformedCommand(nil) }
        let transactionID = values.count > 1 ? values[1].number : nil
        self.init(
            name: name, transactionID: transactionID ?? 0, values: Array(values.dropFirst(transactionID == nil ? 1 : 2))
        )
    }

    /// The object of the command, or `nil`.
    var object: AMFObject? { values.first?.members }

    /// An argument behind the command object, counted from 0.
    func argument(_ index: Int) -> AMFValue? { index + 1 < values.count ? values[index + 1] : nil }

    func message(streamID: UInt32 = 0) -> RawMessage {
        RawMessage(
            type: MessageType.commandAMF0, streamID: streamID,
            payload: AMF0Writer.bytes(of: [.string(name), .number(transactionID)] + values))
    }
}
