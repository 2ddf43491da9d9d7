using System.Globalization;

namespace AgentFunctions.AzureStorage;

/// <summary>A place between two blocks of a stream.</summary>
/// <param name="Segment">The position of the first entry of the append blob; its name ends in it.</param>
/// <param name="Offset">The bytes of the blob before this place.</param>
/// <param name="Position">The position of the entry that comes next.</param>
/// <param name="Blocks">The blocks of the blob before this place.</param>
internal readonly record struct LogLocation(long Segment, long Offset, long Position, int Blocks)
{
    /// <summary>Not a character of a stream's name, so no stream's segments are within another stream's.</summary>
    private const char Mark = '~';

    public static LogLocation Beginning { get; } = new(0, 0, 0, 0);

    public static string PrefixOf(string stream) => $"{stream}/{Mark}";

    public static string BlobOf(string stream, long segment) =>
        PrefixOf(stream) + segment.ToString("D19", CultureInfo.InvariantCulture);

    public static long SegmentOf(string blob) =>
        long.Parse(blob.AsSpan(blob.LastIndexOf(Mark) + 1), CultureInfo.InvariantCulture);

    /// <summary>The place after a block that begins here.</summary>
    public LogLocation After(LogBlock block) => this with
    {
        Offset = Offset + block.Size,
        Position = block.End,
        Blocks = Blocks + 1,
    };

    /// <summary>
    /// The same place, at the beginning of a new segment where this one is full. It follows from the place alone, so that
    /// writers who know nothing of each other roll over at the same block.
    /// </summary>
    public LogLocation RolledOver(int maxBlocks, long maxBytes) =>
        Blocks >= maxBlocks || Offset >= maxBytes ? new LogLocation(Position, 0, Position, 0) : this;
}
