public import Bytes

extension AVCConfiguration {
    /// The configuration after parameter sets that came within the stream.
    ///
    /// A set replaces the one with the same id; a set with a new id is added.
    ///
    /// - Returns: `nil` when every set is known already, which is the usual case.
    /// - Throws: `AVCFailure` when a set cannot be read or there are too many.
    public func updated(
        sequenceParameterSets newSequences: [Bytes], pictureParameterSets newPictures: [Bytes]
    ) throws(AVCFailure) -> AVCConfiguration? {
        let sequences = try Self.merge(
            newSequences, into: sequenceParameterSets, type: .sequenceParameterSet,
            limit: AVCLimits.sequenceParameterSetsMax)
        let pictures = try Self.merge(
            newPictures, into: pictureParameterSets, type: .pictureParameterSet,
            limit: AVCLimits.pictureParameterSetsMax)
        guard sequences != nil || pictures != nil else { return nil }
        return try AVCConfiguration(
            sequenceParameterSets: sequences ?? sequenceParameterSets,
            pictureParameterSets: pictures ?? pictureParameterSets)
    }

    /// - Returns: `nil` when nothing changes.
    private static func merge(
        _ new: [Bytes], into known: [Bytes], type: NALUnitType, limit: Int
    ) throws(AVCFailure) -> [Bytes]? {
        guard new.count <= limit else { throw .tooManyParameterSets(new.count, limit: limit) }
        guard !new.allSatisfy(known.contains) else { return nil }
        var merged = known
        var identifiers: [Int] = []
        for set in known { identifiers.append(try identifier(of: set, type)) }
        for set in new {
            let id = try identifier(of: set, type)
            if let index = identifiers.firstIndex(of: id) {
                merged[index] = set
            } else {
                merged.append(set)
                identifiers.append(id)
            }
        }
        return merged == known ? nil : merged
    }

    /// `seq_parameter_set_id` or `pic_parameter_set_id`.
    private static func identifier(of set: Bytes, _ expected: NALUnitType) throws(AVCFailure) -> Int {
        guard let unit = NALUnit(set) else { throw .truncated }
        guard unit.type == expected else { throw .unexpectedUnitType(unit.type.rawValue) }
        guard set.count <= AVCLimits.parameterSetBytesMax else {
            throw .parameterSetsTooLong(set.count, limit: AVCLimits.parameterSetBytesMax)
        }
        var reader = RBSPReader(set)
        guard expected == .sequenceParameterSet else {
            return try reader.exponential("pic_parameter_set_id", max: 255)
        }
        try reader.skip(24)  // profile, constraint flags, level
        return try reader.exponential("seq_parameter_set_id", max: 31)
    }
}
