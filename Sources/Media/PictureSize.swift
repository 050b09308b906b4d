/// The size of a picture in pixels.
public struct PictureSize: Sendable, Hashable {
    public var width: Int
    public var height: Int

    @inlinable public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}
