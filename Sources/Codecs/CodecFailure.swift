/// Why a picture or a sound could not be decoded, converted or encoded.
public enum CodecFailure: Error, Equatable {
    /// There is no such codec on this machine, or it refuses these settings.
    case cannotOpen(codec: String, reason: String)
    /// What came in cannot be decoded.
    case decoding(reason: String)
    /// A picture or sound cannot be brought into the wanted form.
    case converting(reason: String)
    /// The encoder has failed and is of no more use.
    case encoding(reason: String)
}
